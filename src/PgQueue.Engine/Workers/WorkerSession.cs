using System.Diagnostics;

namespace PgQueue;

/// <summary>
/// A worker's place in the queue: one connection of its own that holds the worker's advisory lock, listens, and asks
/// once or twice a second what is new. Behind a pooler there is neither a lock nor news: asking renews a lease in its
/// place. While the connection is broken the worker keeps its tasks and comes back to them, unless others were given them
/// meanwhile.
/// </summary>
internal sealed class WorkerSession : IAsyncDisposable
{
    /// <summary>How soon a worker takes the place of a maintainer that has died, and one without news hears of a cancel.</summary>
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The maintainer has no place to take, and is told of the rest.</summary>
    private static readonly TimeSpan MaintainersTickInterval = TimeSpan.FromSeconds(1);

    private readonly SessionConnection _connection;
    private readonly RunningTasks _running;
    private readonly Outage _outage;
    private readonly Stopwatch _sinceTick = Stopwatch.StartNew();
    private bool _tickNow = true;
    private readonly Lock _schemaLock = new();
    private SchemaVersion _schema = new(Migration.Latest, Migration.Latest);

    public WorkerSession(QueueDatabase database, WorkerIdentity identity, RunningTasks running, Outage outage)
    {
        _connection = new SessionConnection(database, identity, Notified);
        _running = running;
        _outage = outage;
    }

    /// <summary>The worker's number; another one after it was given up and came back.</summary>
    public long WorkerId => _connection.WorkerId;

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
        await _connection.RegisterAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Serves until stopped; reconnects as often as need be.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var interval = IsMaintainer && _connection.HearsNews ? MaintainersTickInterval : TickInterval;
                if (_tickNow || _sinceTick.Elapsed >= interval)
                {
                    _tickNow = false;
                    _sinceTick.Restart();
                    await TickAsync(stop).ConfigureAwait(false);
                }

                var left = interval - _sinceTick.Elapsed;
                if (left > TimeSpan.Zero)
                {
                    await _connection.WaitAsync(left, stop).ConfigureAwait(false);
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
        if (!_connection.IsOpen)
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
            if (!await _connection.RejoinAsync(cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        await _connection.UnregisterAsync(cancellationToken).ConfigureAwait(false);
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

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private Task ConnectAsync(CancellationToken cancellationToken)
    {
        IsMaintainer = StandsIn = false;
        _tickNow = true;
        return _connection.OpenAsync(cancellationToken);
    }

    /// <summary>The connection may have broken once more since it was made.</summary>
    private async Task RegisterAnewAsync(CancellationToken cancellationToken)
    {
        if (!_connection.IsOpen)
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
        }

        await _connection.RegisterAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        var tick = await _connection.TickAsync(IsMaintainer, cancellationToken).ConfigureAwait(false);
        Handle(tick);
        Compare(tick.Schema);
        await _connection.ShowAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Handle(WorkerTick tick)
    {
        var isNews = (tick.IsMaintainer || tick.StandsIn) && !(IsMaintainer || StandsIn);
        (IsMaintainer, StandsIn) = (tick.IsMaintainer, tick.StandsIn);
        if (isNews)
        {
            Appointed?.Invoke();
        }

        if (tick.Canceled.Length > 0)
        {
            Canceled?.Invoke(tick.Canceled);
        }

        if (tick.StopRequested is not null)
        {
            StopRequested?.Invoke(tick.StopRequested == "now");
        }
    }

    /// <summary>Comes back under the same number if that still stands, else under a new one with nothing in hand.</summary>
    private async Task ReconnectAsync(Exception cause, CancellationToken stop)
    {
        if (cause is TimeoutException or { InnerException: TimeoutException })
        {
            _outage.BreakOff();
        }

        try
        {
            var first = true;
            var rejoined = await _outage.RetryAsync(
                async token =>
                {
                    // What broke the session is told as an outage even where the next connection succeeds.
                    if (first && DatabaseErrors.IsTransient(cause))
                    {
                        first = false;
                        throw cause;
                    }

                    await ConnectAsync(token).ConfigureAwait(false);
                    if (!await _connection.RejoinAsync(token).ConfigureAwait(false))
                    {
                        return false;
                    }

                    await DropForeignRunsAsync(token).ConfigureAwait(false);
                    return true;
                },
                stop).ConfigureAwait(false);
            if (!rejoined)
            {
                Lost?.Invoke();
                await _outage.RetryAsync(RegisterAnewAsync, stop).ConfigureAwait(false);
            }

            Woken?.Invoke();
        }
        catch (Exception e) when (stop.IsCancellationRequested && (DatabaseErrors.IsTransient(e) || e is OperationCanceledException))
        {
            // Told to stop while the database is away.
        }
    }

    private async Task DropForeignRunsAsync(CancellationToken cancellationToken)
    {
        var foreign = await _connection.ForeignRunsAsync(_running.Unended(), cancellationToken).ConfigureAwait(false);

        // One that has ended meanwhile is no news.
        foreign = [.. foreign.Intersect(_running.Unended().Select(t => t.Id))];
        if (foreign.Length > 0)
        {
            Forgotten?.Invoke(foreign);
        }
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
}
