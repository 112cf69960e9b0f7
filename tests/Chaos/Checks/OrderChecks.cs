namespace PgQueue.Chaos;

/// <summary>The order of groups and of dependencies.</summary>
internal static class OrderChecks
{
    public static void Run(Findings findings)
    {
        Groups(findings);
        Dependencies(findings);
    }

    /// <summary>A group's tasks run in the order of their numbers, each with all its runs before the next begins.</summary>
    private static void Groups(Findings findings)
    {
        var ran = findings.Tasks.Values.Where(t => t.Group is not null && t.Runs.Count > 0);
        foreach (var group in ran.GroupBy(t => t.Group))
        {
            var inOrder = group.OrderBy(t => t.Id).ToList();
            foreach (var (earlier, later) in inOrder.Zip(inOrder.Skip(1)).Where(p => p.Second.Runs[0].Started < p.First.Runs[^1].Finished))
            {
                findings.World.Breaches.Add("a group's tasks follow each other", $"{earlier}\n{later}");
            }
        }

        var written = findings.Written.Where(w => w.Task.Group is not null && w.Run is not null && !findings.WasTakenFromTheLiving(w.Run));
        foreach (var group in written.GroupBy(w => w.Task.Group))
        {
            var inOrder = group.OrderBy(w => w.From).ToList();
            foreach (var (earlier, later) in inOrder.Zip(inOrder.Skip(1)).Where(p => p.Second.From < p.First.Until || p.Second.Task.Id < p.First.Task.Id))
            {
                findings.World.Breaches.Add("by the ledger, a group's tasks follow each other", $"{earlier}\n{later}\n{earlier.Task}\n{later.Task}");
            }
        }
    }

    private static void Dependencies(Findings findings)
    {
        foreach (var (id, booking) in findings.World.Adder.Book.Accepted.Where(a => a.Value.After.Count + a.Value.AfterAny.Count > 0))
        {
            if (findings.Tasks.GetValueOrDefault(id) is not { Runs: [var first, ..] } task)
            {
                continue;
            }

            foreach (var needed in booking.After.Concat(booking.AfterAny).Select(n => findings.Tasks[n]))
            {
                if (needed.Finished is null || needed.Finished > first.Started || (booking.After.Contains(needed.Id) && needed.State != "completed"))
                {
                    findings.World.Breaches.Add("a task runs after those it waits for", $"{task}\n{needed}");
                }
            }
        }
    }
}
