using System.Diagnostics;
using Npgsql;

namespace PgQueue;

/// <summary>
/// A worker's place in the queue: one connection of its own that holds the worker's advisory lock, listens, and asks
/// twice a second what is new. Behind a pooler there is neither a lock nor news: asking renews a lease in its place. While
/// the connection is broken the worker keeps its tasks and comes back to them, unless others were given them meanwhile.
/// </summary>
internal sealed class WorkerSession(QueueDatabase database, WorkerIdentity identity, RunningTasks running, Outage outage) : IAsyncDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SeenInterval = TimeSpan.FromSeconds(5);

    /// <summary>Seconds after which a silent server counts as gone: the network may have died without a word.</summary>
    private const int CommandTimeout = 5;

    private const int LocalCommandTimeout = 10;

    private NpgsqlConnection? _connection;
    private readonly Stopwatch _seen = Stopwatch.StartNew();
    private readonly Stopwatch _sinceTick = Stopwatch.StartNew();
    private bool _tickNow = true;
    private bool _leased;
    private readonly Lock _schemaLock = new();
    private SchemaVersion _schema = new(Migration.Latest, Migration.Latest);

    /// <summary>The worker's number; another one after it was given up and came back.</summary>
    public long WorkerId { get; private set; }

    public bool IsMaintainer { get; private set; }

    /// <summary>The maintainer has not been heard of for a while: whoever lives does its duties meanwhile.</summary>
    public bool StandsIn { get; private set; }

    /// <summary>The worker has become the maintainer, or stands in for it.</summary>
    public event Action? Appointed;

    /// <summary>There may be tasks.</summary>
    public event Action? Woken;

    /// <summary>These of the worker's tasks were canceled.</summary>
    public event Action<long[]>? Canceled;

    /// <summary>Somebody told the worker to stop: now, or after its tasks.</summary>
    public event Action<bool>? StopRequested;

    /// <summary>The worker was given up: nothing it runs is its own any more.</summary>
    public event Action? Lost;

    /// <summary>The server that took over does not know that these of its tasks run here.</summary>
    public event Action<long[]>? Forgotten;

    /// <summary>The schema has become newer than this program.</summary>
    public event Action<SchemaVersion>? SchemaChanged;

    /// <exception cref="Exception">The database's own error; the caller words it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken).ConfigureAwait(false);
        await RegisterAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Serves until stopped; reconnects as often as need be.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (_tickNow || _sinceTick.Elapsed >= TickInterval)
                {
                    _tickNow = false;
                    _sinceTick.Restart();
                    await TickAsync(stop).ConfigureAwait(false);
                }

                var left = TickInterval - _sinceTick.Elapsed;
                if (left > TimeSpan.Zero)
                {
                    await _connection!.WaitAtMostAsync(left, stop).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (DatabaseErrors.IsTransient(e) || e is InvalidOperationException)
            {
                await ReconnectAsync(e, stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Leaves the queue: what the worker still had is free for others at once.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        if (_connection is not { FullState: System.Data.ConnectionState.Open })
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
            if (!await RejoinAsync(cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        await ScalarAsync<object>("select {schema}.unregister_worker($1)", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells of a schema that has become newer than this program.</summary>
    public void Compare(SchemaVersion schema)
    {
        lock (_schemaLock)
        {
            if (schema == _schema || schema.Latest <= Migration.Latest)
            {
                return;
            }

            _schema = schema;
        }

        SchemaChanged?.Invoke(schema);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync().ConfigureAwait(false);
        IsMaintainer = StandsIn = false;
        _tickNow = true;
        var settings = new NpgsqlConnectionStringBuilder(database.Settings.ConnectionString)
        {
            Pooling = false,
            CommandTimeout = ConnectionPool.IsLocal(database.Settings) ? LocalCommandTimeout : CommandTimeout,
            ApplicationName = $"PgQueue worker {identity.Name}",
        };
        _connection = new NpgsqlConnection(settings.ConnectionString);
        _connection.Notification += (_, e) => Notified(e.Payload);
        await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        _leased = !await ConnectionPool.SetUpAsync(_connection, database.Sql("Workers/session.sql"), cancellationToken).ConfigureAwait(false);
        if (_leased)
        {
            return;
        }

        var channel = await ScalarAsync<string>("select {schema}.wake_channel()", cancellationToken).ConfigureAwait(false);
        await ExecuteAsync($"listen {SchemaName.Quote(channel)}", cancellationToken).ConfigureAwait(false);
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
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

    /// <summary>The connection may have broken once more since it was made.</summary>
    private async Task RegisterAnewAsync(CancellationToken cancellationToken)
    {
        if (_connection is not { FullState: System.Data.ConnectionState.Open })
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
        }

        await RegisterAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Sql("Workers/tick.sql"), _connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = WorkerId });
            command.Parameters.Add(new() { Value = IsMaintainer });
            command.Parameters.Add(new() { Value = Migration.Latest });
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false) || !row.GetBoolean(0))
                {
                    throw new InvalidOperationException("The worker was given up.");
                }

                Handle(TaskRow.Text(row, 1), row.GetFieldValue<long[]>(2), row.GetBoolean(3), row.GetBoolean(4));
                Compare(new SchemaVersion(row.GetInt32(5), row.GetInt32(6)));
            }
        }

        if (_seen.Elapsed > SeenInterval)
        {
            await ScalarAsync<object>("update {schema}.worker set seen_at = clock_timestamp() where id = $1", cancellationToken).ConfigureAwait(false);
            _seen.Restart();
        }
    }

    private void Handle(string? stopRequested, long[] canceled, bool maintainer, bool standsIn)
    {
        var isNews = (maintainer || standsIn) && !(IsMaintainer || StandsIn);
        (IsMaintainer, StandsIn) = (maintainer, standsIn);
        if (isNews)
        {
            Appointed?.Invoke();
        }

        if (canceled.Length > 0)
        {
            Canceled?.Invoke(canceled);
        }

        if (stopRequested is not null)
        {
            StopRequested?.Invoke(stopRequested == "now");
        }
    }

    /// <summary>Comes back under the same number if that still stands, else under a new one with nothing in hand.</summary>
    private async Task ReconnectAsync(Exception cause, CancellationToken stop)
    {
        if (cause is TimeoutException or { InnerException: TimeoutException })
        {
            outage.BreakOff();
        }

        try
        {
            var first = true;
            var rejoined = await outage.RetryAsync(
                async token =>
                {
                    // What broke the session is told as an outage even where the next connection succeeds.
                    if (first && DatabaseErrors.IsTransient(cause))
                    {
                        first = false;
                        throw cause;
                    }

                    await ConnectAsync(token).ConfigureAwait(false);
                    return await RejoinAsync(token).ConfigureAwait(false) && await DropForeignRunsAsync(token).ConfigureAwait(false);
                },
                stop).ConfigureAwait(false);
            if (!rejoined)
            {
                Lost?.Invoke();
                await outage.RetryAsync(RegisterAnewAsync, stop).ConfigureAwait(false);
            }

            Woken?.Invoke();
        }
        catch (Exception e) when (stop.IsCancellationRequested && (DatabaseErrors.IsTransient(e) || e is OperationCanceledException))
        {
            // Told to stop while the database is away.
        }
    }

    private Task<bool> RejoinAsync(CancellationToken cancellationToken) => ScalarAsync<bool>(
        _leased ? "select {schema}.rejoin_worker($1, leased => true)" : "select {schema}.rejoin_worker($1)", cancellationToken);

    private async Task<bool> DropForeignRunsAsync(CancellationToken cancellationToken)
    {
        var inHand = running.Unended();
        var command = new NpgsqlCommand(database.Qualify("select {schema}.foreign_runs($1, $2, $3)"), _connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = WorkerId });
            command.Parameters.Add(new() { Value = inHand.Select(t => t.Id).ToArray() });
            command.Parameters.Add(new() { Value = inHand.Select(t => t.Run).ToArray() });
            var foreign = (long[])(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
            // One that has ended meanwhile is no news.
            foreign = [.. foreign.Intersect(running.Unended().Select(t => t.Id))];
            if (foreign.Length > 0)
            {
                Forgotten?.Invoke(foreign);
            }
        }

        return true;
    }

    private void Notified(string payload)
    {
        if (payload.StartsWith('!'))
        {
            _tickNow = true; // A cancel or a stop: the tick tells which.
        }
        else
        {
            Woken?.Invoke();
        }
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, _connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
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
