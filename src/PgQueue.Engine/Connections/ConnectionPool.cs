using Npgsql;

namespace PgQueue;

/// <summary>
/// The connections to a database. Finds out by itself whether a pooler such as PgBouncer stands between: that hands a
/// connection to another session of the server's for each transaction, so nothing of a session's may be relied on there,
/// neither prepared statements nor LISTEN nor session locks.
/// </summary>
/// <remarks>
/// A pooler makes up the process number that a server gives with a new connection, because it is not bound to one: it
/// differs from what pg_backend_pid() says. One that pools whole sessions is treated like the others.
/// </remarks>
internal sealed class ConnectionPool : IAsyncDisposable
{
    private const int AutoPrepare = 30;

    /// <summary>Seconds; a worker that has to connect anew over a network must know soon whether it can.</summary>
    private const int WorkerTimeout = 4;

    private const int KeepAliveTime = 5;
    private const int KeepAliveInterval = 2;

    private readonly NpgsqlDataSource _direct;
    private readonly Lazy<NpgsqlDataSource> _pooled;
    private readonly NpgsqlConnectionStringBuilder _directSettings;
    private readonly NpgsqlConnectionStringBuilder _pooledSettings;
    private volatile bool _known;
    private volatile bool _isPooler;

    /// <param name="given">The connection string's settings.</param>
    /// <param name="session">For a worker's connections, the statement that sets up each; null for a client's.</param>
    public ConnectionPool(NpgsqlConnectionStringBuilder given, string? session)
    {
        var settings = Common(given, isWorker: session is not null);
        _directSettings = new(settings.ConnectionString);
        if (_directSettings.MaxAutoPrepare == 0)
        {
            (_directSettings.MaxAutoPrepare, _directSettings.AutoPrepareMinUsages) = (AutoPrepare, 2);
        }

        // A pooler that can do prepared statements is made use of where the connection string says so.
        _pooledSettings = new(settings.ConnectionString);
        var direct = new NpgsqlDataSourceBuilder(_directSettings.ConnectionString);
        if (session is not null)
        {
            direct.UsePhysicalConnectionInitializer(
                connection => throw new NotSupportedException("Connections are opened asynchronously."),
                connection => SetUpAsync(connection, session, CancellationToken.None));
        }

        _direct = direct.Build();
        _pooled = new(() => NpgsqlDataSource.Create(_pooledSettings));
    }

    public NpgsqlConnectionStringBuilder Settings => _isPooler ? _pooledSettings : _directSettings;

    /// <summary>True where a pooler stands between; not known before the first connection.</summary>
    public bool IsPooler => _isPooler;

    /// <summary>True once a connection was made.</summary>
    public bool HasConnected => _known;

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (!_known)
        {
            await FindOutAsync(cancellationToken).ConfigureAwait(false);
        }

        return await (_isPooler ? _pooled.Value : _direct).OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes what lies idle: where one connection broke, the others are broken as well.</summary>
    public void Clear()
    {
        _direct.Clear();
        if (_pooled.IsValueCreated)
        {
            _pooled.Value.Clear();
        }
    }

    /// <summary>Sets up a worker's connection, unless a pooler stands between: another would get the session next.</summary>
    /// <returns>False where one does.</returns>
    public static async Task<bool> SetUpAsync(NpgsqlConnection connection, string session, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(session, connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = connection.ProcessID });
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _direct.DisposeAsync().ConfigureAwait(false);
        if (_pooled.IsValueCreated)
        {
            await _pooled.Value.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task FindOutAsync(CancellationToken cancellationToken)
    {
        var connection = await _direct.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand("select pg_backend_pid()", connection);
            await using (command.ConfigureAwait(false))
            {
                var process = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
                _isPooler = process is int id && id != connection.ProcessID;
                _known = true;
            }
        }

        if (_isPooler)
        {
            _direct.Clear();
        }
    }

    /// <summary>A Unix socket: no network can fall silent, and a slow answer only means a busy machine.</summary>
    public static bool IsLocal(NpgsqlConnectionStringBuilder settings) => settings.Host?.Contains('/', StringComparison.Ordinal) is true;

    private static NpgsqlConnectionStringBuilder Common(NpgsqlConnectionStringBuilder given, bool isWorker)
    {
        // Who changes a session's state (listens, that is all) undoes it: to reset it at each use costs as much as to add a task.
        var settings = new NpgsqlConnectionStringBuilder(given.ConnectionString) { NoResetOnClose = true };
        var isLocal = IsLocal(settings);
        if (!isLocal && !settings.ShouldSerialize("Tcp Keepalive") && settings.TcpKeepAliveTime == 0)
        {
            // A connection that waits for an answer from a machine that has vanished would wait for ever.
            (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (true, KeepAliveTime, KeepAliveInterval);
        }

        if (isWorker)
        {
            // What does not answer is given up at once.
            settings.CancellationTimeout = -1;
            if (!isLocal && !given.ShouldSerialize("Timeout"))
            {
                settings.Timeout = WorkerTimeout;
            }
        }

        return settings;
    }
}
