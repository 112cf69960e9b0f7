namespace PgQueue.Chaos;

/// <summary>No two runs of one task at the same moment.</summary>
internal static class OverlapChecks
{
    public static void Run(Findings findings)
    {
        foreach (var task in findings.Tasks.Values)
        {
            foreach (var (earlier, later) in task.Runs.Zip(task.Runs.Skip(1)).Where(p => p.Second.Started < p.First.Finished))
            {
                findings.World.Breaches.Add("by the database, runs of a task follow each other", $"runs {earlier.Number} and {later.Number} overlap\n{task}");
            }
        }

        foreach (var runs in findings.Written.GroupBy(w => w.Task))
        {
            var inOrder = runs.OrderBy(r => r.Run?.Number).ToList();
            foreach (var (earlier, later) in inOrder.SelectMany((e, i) => inOrder.Skip(i + 1).Select(l => (e, l))).Where(p => p.l.From < p.e.Until && p.e.From < p.l.Until))
            {
                // A frozen worker's child goes on, or even starts when that wakes, but its run is recorded as lost: whatever it
                // answered was refused.
                if (earlier.Run is null || !findings.WasTakenFromTheLiving(earlier.Run))
                {
                    findings.World.Breaches.Add("no two runs of a task live at the same moment", $"{earlier}\n{later}\n{runs.Key}");
                }
            }
        }
    }
}
