using System.Diagnostics;
using Npgsql;

namespace PgQueue;

/// <summary>
/// The connection of a worker's session, and what is said on it. The errors are the database's own; the caller words them.
/// </summary>
internal sealed class SessionConnection(QueueDatabase database, WorkerIdentity identity, Action<string> notified) : IAsyncDisposable
{
    private static readonly TimeSpan SeenInterval = TimeSpan.FromSeconds(5);

    /// <summary>Seconds after which a silent server counts as gone: the network may have died without a word.</summary>
    private const int CommandTimeout = 5;

    private const int LocalCommandTimeout = 10;

    private NpgsqlConnection? _connection;
    private readonly Stopwatch _seen = Stopwatch.StartNew();
    private bool _leased;

    /// <summary>The worker's number; another one after it was given up and came back.</summary>
    public long WorkerId { get; private set; }

    public bool IsOpen => _connection is { FullState: System.Data.ConnectionState.Open };

    /// <summary>Whether notifications come: not behind a pooler.</summary>
    public bool HearsNews => !_leased;

    /// <summary>Opens it anew.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync().ConfigureAwait(false);
        var settings = new NpgsqlConnectionStringBuilder(database.Settings.ConnectionString)
        {
            Pooling = false,
            CommandTimeout = ConnectionPool.IsLocal(database.Settings) ? LocalCommandTimeout : CommandTimeout,
            ApplicationName = $"PgQueue worker {identity.Name}",
        };
        _connection = new NpgsqlConnection(settings.ConnectionString);
        _connection.Notification += (_, e) => notified(e.Payload);
        await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        _leased = !await ConnectionPool.SetUpAsync(_connection, database.Sql("Workers/session.sql"), cancellationToken).ConfigureAwait(false);
        if (!_leased)
        {
            await ScalarAsync<object>("select {schema}.listen_to({schema}.wake_channel())", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Enters the worker as a new one.</summary>
    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Qualify("select {schema}.register_worker($1, $2, $3, $4, $5, $6, $7, $8)"), _connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = identity.Name });
            command.Parameters.Add(new() { Value = identity.Host });
            command.Parameters.Add(new() { Value = identity.ProcessId });
            command.Parameters.Add(new() { Value = identity.Version });
            command.Parameters.Add(identity.Filter.Queues());
            command.Parameters.Add(new() { Value = identity.Concurrency });
            command.Parameters.Add(identity.Filter.Description());
            command.Parameters.Add(new() { Value = _leased });
            WorkerId = (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    /// <summary>Comes back under the same number.</summary>
    /// <returns>False where the worker was given up.</returns>
    public Task<bool> RejoinAsync(CancellationToken cancellationToken) => ScalarAsync<bool>(
        _leased ? "select {schema}.rejoin_worker($1, leased => true)" : "select {schema}.rejoin_worker($1)", cancellationToken);

    /// <summary>Frees what the worker still has, and takes it off.</summary>
    public Task UnregisterAsync(CancellationToken cancellationToken) =>
        ScalarAsync<object>("select {schema}.unregister_worker($1)", cancellationToken);

    /// <summary>Asks what is new.</summary>
    /// <param name="isMaintainer">What the worker takes itself for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidOperationException">The worker was given up.</exception>
    public async Task<WorkerTick> TickAsync(bool isMaintainer, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Sql("Workers/tick.sql"), _connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = WorkerId });
            command.Parameters.Add(new() { Value = isMaintainer });
            command.Parameters.Add(new() { Value = Migration.Latest });
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                return await row.ReadAsync(cancellationToken).ConfigureAwait(false) && row.GetBoolean(0)
                    ? WorkerTick.Read(row)
                    : throw new InvalidOperationException("The worker was given up.");
            }
        }
    }

    /// <summary>Writes down every five seconds that the worker was seen.</summary>
    public async Task ShowAsync(CancellationToken cancellationToken)
    {
        if (_seen.Elapsed > SeenInterval)
        {
            await ScalarAsync<object>("update {schema}.worker set seen_at = clock_timestamp() where id = $1", cancellationToken).ConfigureAwait(false);
            _seen.Restart();
        }
    }

    /// <summary>The ids of those of these tasks that are not the worker's in these runs.</summary>
    public async Task<long[]> ForeignRunsAsync(IReadOnlyList<ClaimedTask> tasks, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Qualify("select {schema}.foreign_runs($1, $2, $3)"), _connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = WorkerId });
            command.Parameters.Add(new() { Value = tasks.Select(t => t.Id).ToArray() });
            command.Parameters.Add(new() { Value = tasks.Select(t => t.Run).ToArray() });
            return (long[])(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    /// <summary>Waits for a notification.</summary>
    public Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) => _connection!.WaitAtMostAsync(time, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Qualify(sql), _connection);
        await using (command.ConfigureAwait(false))
        {
            if (sql.Contains("$1", StringComparison.Ordinal))
            {
                command.Parameters.Add(new() { Value = WorkerId });
            }

            return (T)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }
}
