namespace PgQueue.Chaos;

/// <summary>A dead worker's children are dead soon after it, and all of them when everything is over.</summary>
internal static class ChildChecks
{
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public static void Run(Findings findings)
    {
        foreach (var line in findings.Ledger)
        {
            if (findings.WorkerOf(line) is { KilledAt: { } killed } worker && line.At > killed + worker.LastBreath)
            {
                findings.World.Breaches.Add("a dead worker's children write nothing", $"{worker.Name} was killed at {killed:HH:mm:ss.fff}: {line}");
            }
        }
    }

    /// <summary>After all workers have ended; their guardians may need a moment.</summary>
    public static async Task OrphansAsync(World world)
    {
        var until = DateTimeOffset.UtcNow + Sweep;
        var left = Processes.OfRun(world.Folder.Mark);
        while (left.Count > 0 && DateTimeOffset.UtcNow < until)
        {
            await Task.Delay(Look);
            left = Processes.OfRun(world.Folder.Mark);
        }

        foreach (var orphan in left)
        {
            world.Breaches.Add("no orphan is left", $"{orphan}: {Processes.CommandLine(orphan.Id)}");
        }

        foreach (var path in Directory.EnumerateFileSystemEntries(world.Folder.WorkerTemp))
        {
            world.Breaches.Add("no temporary file is left", path);
        }
    }
}
