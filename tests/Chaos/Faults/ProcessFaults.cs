using System.Diagnostics;

namespace PgQueue.Chaos;

/// <summary>Harm to workers and to their children.</summary>
internal sealed class ProcessFaults(World world)
{
    /// <summary>How long a dead worker's children may go on, on a machine that has time for whoever looks for them.</summary>
    private static readonly TimeSpan LastBreath = TimeSpan.FromSeconds(2);

    private const int Looks = 3;
    private const int Floods = 3;

    public void KillWorker(double chance)
    {
        var workers = world.Fleet.All.Where(w => w is { HasJoined: true, KilledAt: null, Exited.IsCompleted: false }).ToList();
        // One has to be left that notices.
        if (workers.Count == 0 || world.Fleet.Whole.Count < 2)
        {
            return;
        }

        var victim = workers[(int)(chance * workers.Count)];
        var marks = Processes.OfRun(world.Folder.Mark).Where(p => p.Parent == victim.Id).Select(p => p.WorkerMark).OfType<string>().ToHashSet();
        victim.Kill();
        world.Incidents.Add(new Incident(victim.KilledAt!.Value, FaultKind.KillWorker, victim.Name));
        world.Watch(LookForSurvivorsAsync(victim, marks));
    }

    public void KillChild(double chance)
    {
        var children = Processes.OfRun(world.Folder.Mark).Where(p => p.ChildMark is not null).ToList();
        if (children.Count > 0)
        {
            var victim = children[(int)(chance * children.Count)];
            world.Incidents.Add(new Incident(DateTimeOffset.UtcNow, FaultKind.KillChild, victim.ChildMark!));
            Processes.Signal(victim.Id, Signal.Kill);
        }
    }

    /// <summary>Tasks that print more than a worker keeps.</summary>
    public async Task FloodAsync(CancellationToken stop)
    {
        world.Incidents.Add(new Incident(DateTimeOffset.UtcNow, FaultKind.Flood, $"{Floods} tasks"));
        await world.Adder.AddAsync([.. Enumerable.Range(0, Floods).Select(_ => world.Tasks.Flood())], new Booking("flood"), stop);
    }

    private async Task LookForSurvivorsAsync(WorkerProcess worker, HashSet<string> marks)
    {
        // What whoever looks for them has to do takes its time on an overloaded machine.
        var look = Stopwatch.StartNew();
        using (var looking = Process.Start("/bin/sh", ["-c", "grep -lsF -e nobody /proc/[0-9]*/environ >/dev/null; :"]))
        {
            await looking.WaitForExitAsync();
        }

        worker.LastBreath = LastBreath + (look.Elapsed * Looks);
        var left = worker.KilledAt!.Value + worker.LastBreath - DateTimeOffset.UtcNow;
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        foreach (var survivor in Processes.OfRun(world.Folder.Mark).Where(p => p.WorkerMark is { } mark && marks.Contains(mark)))
        {
            world.Breaches.Add(
                "a dead worker's children die within 2 s",
                $"{worker.Name} was killed at {worker.KilledAt:HH:mm:ss.fff}; its process {survivor.Id} ({Processes.CommandLine(survivor.Id)}) lived at {DateTimeOffset.UtcNow:HH:mm:ss.fff}.");
        }
    }
}
