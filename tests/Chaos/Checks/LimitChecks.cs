namespace PgQueue.Chaos;

/// <summary>Of a limited queue no more runs at once than its limit.</summary>
internal static class LimitChecks
{
    public static void Run(Findings findings)
    {
        var recorded = findings.Tasks.Values.Where(t => t.Queue == TaskMix.LimitedQueue).SelectMany(t => t.Runs.Select(r => (r.Started, r.Finished, Text: $"run {r.Number} of task {t.Id} on {r.Worker}: {r.Started:HH:mm:ss.ffffff} to {r.Finished:HH:mm:ss.ffffff}, {r.Ended}")));
        Check(findings, "the limit holds by the database's times", recorded);

        var written = findings.Written.Where(w => w.Task.Queue == TaskMix.LimitedQueue && w.Run is not null && !findings.WasTakenFromTheLiving(w.Run));
        Check(findings, "the limit holds by the ledger", written.Select(w => (w.From, w.Until, w.ToString())));
    }

    private static void Check(Findings findings, string rule, IEnumerable<(DateTimeOffset From, DateTimeOffset Until, string Text)> runs)
    {
        var open = new List<(DateTimeOffset From, DateTimeOffset Until, string Text)>();
        foreach (var run in runs.OrderBy(r => r.From))
        {
            open.RemoveAll(o => o.Until <= run.From);
            open.Add(run);
            if (open.Count > TaskMix.Limit)
            {
                findings.World.Breaches.Add(rule, $"{open.Count} at {run.From:HH:mm:ss.ffffff}:\n{string.Join('\n', open.Select(o => o.Text))}");
            }
        }
    }
}
