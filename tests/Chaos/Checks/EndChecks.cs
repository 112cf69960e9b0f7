namespace PgQueue.Chaos;

/// <summary>Every task that was accepted comes to one end, and to the one that it should.</summary>
internal static class EndChecks
{
    public static void Run(Findings findings)
    {
        var breaches = findings.World.Breaches;
        var book = findings.World.Adder.Book;
        foreach (var id in book.Accepted.Keys.Where(id => !findings.Tasks.ContainsKey(id)))
        {
            breaches.Add("no accepted task is lost", $"task {id} ({book.Accepted[id].Kind}) was accepted and is not there.");
        }

        foreach (var task in findings.Tasks.Values)
        {
            if (!task.IsFinished)
            {
                breaches.Add("no accepted task without an end", task.ToString());
            }
            else if (!IsRight(task, book, findings))
            {
                breaches.Add("a task ends as it should", task.ToString());
            }
        }
    }

    private static bool IsRight(TaskRecord task, Book book, Findings findings)
    {
        var booking = book.Accepted.GetValueOrDefault(task.Id);
        return task.State switch
        {
            "completed" => booking is null || task.Attempt > booking.Failing,
            "canceled" => book.Canceled.Contains(task.Id) || booking is { After.Count: > 0 },
            _ => task.Ended switch
            {
                "lost" => task.Runs.Count(r => r.WasLost) == task.Lost + 1,
                "exit_code" => booking is { Failing: > 0 } && task.Attempt == task.MaxAttempts,
                // Nobody but this run kills what it runs.
                _ => findings.World.Incidents.Of(FaultKind.KillChild).Any(i => task.Runs[^1].Overlaps(i.At, i.At)),
            },
        };
    }
}
