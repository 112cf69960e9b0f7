namespace PgQueue;

/// <summary>
/// Wakes one waiter; a signal that nobody waits for is kept, several count as one. The waiter goes on at once, on the
/// signaler's thread until it waits for something else: to wake another for it takes about as long as a claim.
/// </summary>
internal sealed class Signal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new();

    public void Set()
    {
        TaskCompletionSource next;
        lock (_lock)
        {
            next = _next;
        }

        next.TrySetResult();
    }

    /// <summary>True where signaled, false where the time ran out or the wait was canceled.</summary>
    public async Task<bool> WaitAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var set = _next.Task;
        if (!set.IsCompleted)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(set, Task.Delay(time, enough.Token)).ConfigureAwait(false);
            await enough.CancelAsync().ConfigureAwait(false);
        }

        lock (_lock)
        {
            if (!_next.Task.IsCompleted)
            {
                return false;
            }

            _next = new();
            return true;
        }
    }
}
