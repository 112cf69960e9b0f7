namespace PgQueue;

/// <summary>Watches over one run: its limits and whoever wants it ended, until the child has ended, one way or the other.</summary>
internal static class Supervisor
{
    private static readonly TimeSpan MemoryInterval = TimeSpan.FromMilliseconds(200);

    /// <param name="child">The run's process.</param>
    /// <param name="control">The run.</param>
    /// <param name="done">The run's natural end.</param>
    /// <param name="askToStop">How to ask the child to give way.</param>
    /// <param name="grace">How long it may take for that before its tree is killed.</param>
    /// <returns>Why it was ended; null where it ended by itself.</returns>
    public static async Task<StopReason?> WatchAsync(
        IChildProcess child, RunControl control, Task done, Func<StopReason, Task> askToStop, TimeSpan grace)
    {
        using var limits = new CancellationTokenSource();
        var timeout = TimeoutAsync(control, limits.Token);
        var memory = MemoryAsync(child, control, limits.Token);
        await Task.WhenAny(done, control.Stopped).ConfigureAwait(false);
        await limits.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(timeout, memory).ConfigureAwait(false);
        if (!control.Stopped.IsCompleted)
        {
            return null;
        }

        var reason = await control.Stopped.ConfigureAwait(false);
        var asking = Task.CompletedTask;
        if (reason == StopReason.Released && done.IsCompleted)
        {
            return null; // It finished in the same moment: that counts, and it need not run again.
        }

        if (!done.IsCompleted)
        {
            if (reason is StopReason.Canceled or StopReason.Timeout && grace > TimeSpan.Zero)
            {
                // Even the asking may take for ever: a child that does not read blocks it.
                asking = askToStop(reason);
                await Task.WhenAny(Task.WhenAll(asking, done), Task.Delay(grace, CancellationToken.None)).ConfigureAwait(false);
            }

            control.Killed = !done.IsCompleted;
            await child.KillTreeAsync().ConfigureAwait(false);
            await Task.WhenAll(asking, done).ConfigureAwait(false);
        }

        return reason;
    }

    /// <summary>Stops the run at its time limit, if it has one.</summary>
    public static async Task TimeoutAsync(RunControl control, CancellationToken cancellationToken)
    {
        if (control.Task.Timeout is not { } limit)
        {
            return;
        }

        // Task.Delay takes 49 days at the most.
        var left = limit;
        while (left > TimeSpan.Zero && !cancellationToken.IsCancellationRequested)
        {
            var step = left < TimeSpan.FromDays(30) ? left : TimeSpan.FromDays(30);
            await Task.Delay(step, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            left -= step;
        }

        if (!cancellationToken.IsCancellationRequested)
        {
            control.Stop(StopReason.Timeout);
        }
    }

    private static async Task MemoryAsync(IChildProcess child, RunControl control, CancellationToken cancellationToken)
    {
        if (control.Task.MemoryLimit is not { } limit)
        {
            return;
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            if (child.MeasureMemory() > limit)
            {
                control.Stop(StopReason.Memory);
                return;
            }

            await Task.Delay(MemoryInterval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
