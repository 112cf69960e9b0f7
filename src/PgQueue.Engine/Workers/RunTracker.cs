namespace PgQueue;

/// <summary>The runs under way, to be waited for.</summary>
internal sealed class RunTracker
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _tracked = 1;

    public int Count => Volatile.Read(ref _tracked) - 1;

    /// <param name="run">One that never fails.</param>
    public void Track(Task run)
    {
        Interlocked.Increment(ref _tracked);
        _ = LeaveAfterAsync(run);
    }

    /// <summary>Ends when all have; none may be tracked any more. May be called once.</summary>
    public Task AllAsync()
    {
        Leave();
        return _over.Task;
    }

    private async Task LeaveAfterAsync(Task run)
    {
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _tracked) == 0)
        {
            _over.TrySetResult();
        }
    }
}
