namespace PgQueue;

/// <summary>
/// Repeats work while the database is away, with growing, scattered waits, and says so once when it goes and once when
/// it is back, however many callers run into it.
/// </summary>
internal sealed class Outage(Action<string> report, string server)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private int _away;

    /// <summary>Runs the work until it succeeds, fails for another reason than an absent database, or is stopped.</summary>
    public async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        var wait = FirstWait;
        while (true)
        {
            try
            {
                var result = await work(CancellationToken.None).ConfigureAwait(false);
                Back();
                return result;
            }
            catch (Exception e) when (DatabaseErrors.IsTransient(e) && !stop.IsCancellationRequested)
            {
                Away(e);
            }

            await WaitAsync(wait * (0.5 + Random.Shared.NextDouble()), stop).ConfigureAwait(false);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
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

    private void Away(Exception e)
    {
        if (Interlocked.Exchange(ref _away, 1) == 0)
        {
            report($"The connection to {server} is lost ({e.Message}). Trying again until it is back.");
        }
    }

    private void Back()
    {
        if (Interlocked.Exchange(ref _away, 0) == 1)
        {
            report($"The connection to {server} is back.");
        }
    }

    /// <summary>A stop shortens the wait; the work is then tried one last time.</summary>
    private static async Task WaitAsync(TimeSpan wait, CancellationToken stop) =>
        await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
