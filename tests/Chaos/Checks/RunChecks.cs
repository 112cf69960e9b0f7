namespace PgQueue.Chaos;

/// <summary>What ran, ran because the database said so, and no more often.</summary>
internal static class RunChecks
{
    public static void Run(Findings findings)
    {
        Twice(findings);
        Unknown(findings);
        TooOften(findings);
        NotDone(findings);
        LivedOn(findings);
        GivenUp(findings);
    }

    private static void Twice(Findings findings)
    {
        foreach (var same in findings.Ledger.Where(l => l is { What: 'S', Run: > 0 }).GroupBy(l => (l.Task, l.Run)).Where(g => g.Count() > 1))
        {
            findings.World.Breaches.Add("no run starts twice", $"{string.Join('\n', same)}\n{findings.Written.First(w => w.Lines.Contains(same.First())).Task}");
        }
    }

    private static void Unknown(Findings findings)
    {
        foreach (var written in findings.Written.Where(w => w.Run is null))
        {
            findings.World.Breaches.Add("the database knows of every run", $"{written}\n{written.Task}");
        }
    }

    private static void TooOften(Findings findings)
    {
        foreach (var runs in findings.Written.GroupBy(w => w.Task))
        {
            if (runs.Count() > runs.Key.Attempt + runs.Key.Lost || runs.Key.Attempt > runs.Key.MaxAttempts)
            {
                findings.World.Breaches.Add("runs are attempts and lost runs, no more", $"{string.Join('\n', runs)}\n{runs.Key}");
            }
        }
    }

    /// <summary>A completed task has written so itself, in the very run that counts.</summary>
    private static void NotDone(Findings findings)
    {
        var done = findings.Written.Where(w => w.Lines.Any(l => l.What == 'E')).Select(w => w.Run).ToHashSet();
        foreach (var task in findings.Tasks.Values.Where(t => t is { State: "completed", Schedule: null } && !done.Contains(t.Runs[^1])))
        {
            findings.World.Breaches.Add("what is completed has been done", task.ToString());
        }
    }

    /// <summary>What has an end does not go on. A run that was taken from its worker may, for a moment.</summary>
    private static void LivedOn(Findings findings)
    {
        foreach (var written in findings.Written.Where(w => w.Run is { WasLost: false } && w.Until > w.Run.Finished))
        {
            findings.World.Breaches.Add("no run lives on after its end", $"{written}\n{written.Task}");
        }
    }

    /// <summary>A worker that lives loses its tasks only where it was frozen or cut off, and then its answer does not count.</summary>
    private static void GivenUp(Findings findings)
    {
        foreach (var task in findings.Tasks.Values)
        {
            foreach (var run in task.Runs.Where(r => findings.WasTakenFromTheLiving(r) && !findings.CausesOf(r).Any()))
            {
                findings.World.Breaches.Add("nobody is given up without a cause", $"run {run.Number} on {run.Worker}\n{task}");
            }
        }
    }
}
