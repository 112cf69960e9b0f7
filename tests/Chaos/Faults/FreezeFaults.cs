namespace PgQueue.Chaos;

/// <summary>Workers that stand still for a time and do not know it afterwards.</summary>
internal sealed class FreezeFaults(World world)
{
    /// <summary>How long a frozen worker's loss may take to be noticed before the run goes on without it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Stops a worker and lets it go on after a time; where it is cut as well, so long after it was given up for dead.</summary>
    public async Task FreezeAsync(double chance, bool cut, TimeSpan time, CancellationToken stop)
    {
        var workers = world.Fleet.Whole;
        // One has to be left that notices.
        if (workers.Count < 2 || workers[(int)(chance * workers.Count)] is not { } victim || !victim.TryFreeze())
        {
            return;
        }

        var began = DateTimeOffset.UtcNow;
        try
        {
            if (cut)
            {
                await CutAsync(victim, stop);
            }

            await Task.Delay(time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException)
        {
            // The run is over: it wakes now.
        }
        finally
        {
            victim.Thaw();
            world.Incidents.Add(new Incident(began, cut ? FaultKind.FreezeAndCut : FaultKind.Freeze, victim.Name, DateTimeOffset.UtcNow));
        }
    }

    private async Task CutAsync(WorkerProcess victim, CancellationToken stop)
    {
        await world.Control.QueryAsync(
            "select pg_terminate_backend(backend_pid) from worker where name = $1 and lost_at is null", row => row.GetBoolean(0), stop, victim.Name);
        var until = DateTimeOffset.UtcNow + Patience;
        while (victim.KilledAt is null && DateTimeOffset.UtcNow < until
            && await world.Control.ScalarAsync<bool>("select exists (select from worker where name = $1 and lost_at is null)", stop, victim.Name))
        {
            await Task.Delay(Look, stop);
        }
    }
}
