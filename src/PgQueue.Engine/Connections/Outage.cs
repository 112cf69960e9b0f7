namespace PgQueue;

/// <summary>
/// Repeats work while the database is away, with growing, scattered waits, and says so once when it goes and once when
/// it is back, however many callers run into it.
/// </summary>
internal sealed class Outage(Action<string> report, QueueDatabase database)
{
    /// <summary>So long after its end, what fails is a straggler of the same outage.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private DateTime _began;
    private DateTime _ended = DateTime.MinValue;
    private bool _away;
    private bool _told;
    private readonly HashSet<CancellationTokenSource> _underWay = [];

    /// <summary>Runs the work until it succeeds, fails for another reason than an absent database, or is stopped.</summary>
    public async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        var wait = new ReconnectWait();
        while (true)
        {
            var started = DateTime.UtcNow;
            var cut = new CancellationTokenSource(); // Never disposed: it may be canceled late, and holds no timer.
            Enlist(cut);
            try
            {
                var result = await work(cut.Token).ConfigureAwait(false);
                Back(started);
                return result;
            }
            catch (Exception e) when (DatabaseErrors.IsTransient(e) && !stop.IsCancellationRequested)
            {
                Away(e);
            }
            catch (OperationCanceledException e) when (cut.IsCancellationRequested)
            {
                var silence = new TimeoutException("the server does not answer", e);
                if (stop.IsCancellationRequested)
                {
                    throw silence;
                }

                Away(silence);
            }
            finally
            {
                Discharge(cut);
            }

            await WaitAsync(wait.Next(), stop).ConfigureAwait(false);
        }
    }

    public Task RetryAsync(Func<CancellationToken, Task> work, CancellationToken stop) =>
        RetryAsync(
            async token =>
            {
                await work(token).ConfigureAwait(false);
                return true;
            },
            stop);

    public void Report(string message) => report(message);

    /// <summary>
    /// The server does not answer, and no reset says that it is gone: what is under way would wait for minutes. It is
    /// broken off and tried again.
    /// </summary>
    public void BreakOff()
    {
        lock (_lock)
        {
            foreach (var cut in _underWay)
            {
                // Each by itself: Npgsql first tries to tell the server, and blocks for as long as that takes.
                _ = Task.Run(cut.Cancel, CancellationToken.None);
            }

            _underWay.Clear();
        }
    }

    private void Enlist(CancellationTokenSource cut)
    {
        lock (_lock)
        {
            _underWay.Add(cut);
        }
    }

    private void Discharge(CancellationTokenSource cut)
    {
        lock (_lock)
        {
            _underWay.Remove(cut);
        }
    }

    private void Away(Exception e)
    {
        lock (_lock)
        {
            if (!_away)
            {
                // What lies idle in the pool is broken as well: one by one, it would look like new outages.
                database.ClosePooled();
            }

            _began = DateTime.UtcNow;

            _away = true;
            if (!_told && DateTime.UtcNow - _ended > Aftermath)
            {
                _told = true;
                report($"The connection to {database.Server} is lost ({e.Message}). Trying again until it is back.");
            }
        }
    }

    /// <summary>What began before the outage and succeeded in spite of it proves nothing.</summary>
    private void Back(DateTime started)
    {
        if (!Volatile.Read(ref _away))
        {
            return;
        }

        lock (_lock)
        {
            if (!_away || started <= _began)
            {
                return;
            }

            if (_told)
            {
                report($"The connection to {database.Server} is back.");
            }

            _ended = DateTime.UtcNow;
            _away = _told = false;
        }
    }

    /// <summary>A stop shortens the wait; the work is then tried one last time.</summary>
    private static async Task WaitAsync(TimeSpan wait, CancellationToken stop) =>
        await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
