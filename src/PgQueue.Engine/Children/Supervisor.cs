namespace PgQueue;

/// <summary>Watches over runs: their limits and whoever wants them ended, until the child has ended, one way or the other.</summary>
/// <param name="watch">Watches over what they hold.</param>
/// <param name="grace">How long a child may take to give way before its tree is killed.</param>
internal sealed class Supervisor(ILimitWatch watch, TimeSpan grace)
{
    /// <param name="child">The run's process.</param>
    /// <param name="control">The run.</param>
    /// <param name="done">The run's natural end.</param>
    /// <param name="askToStop">How to ask the child to give way.</param>
    /// <returns>Why it was ended; null where it ended by itself.</returns>
    public async Task<StopReason?> WatchAsync(IChildProcess child, RunControl control, Task done, Func<StopReason, Task> askToStop)
    {
        await using var limits = watch.Watch(child, control).ConfigureAwait(false);
        using var clock = new CancellationTokenSource();
        var timeout = TimeoutAsync(control, clock.Token);
        await Task.WhenAny(done, control.Stopped).ConfigureAwait(false);
        await clock.CancelAsync().ConfigureAwait(false);
        await timeout.ConfigureAwait(false);
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
}
