using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>Tasks that run in a process of their own each, beside a bare loop that starts as many processes.</summary>
internal sealed class SpawnBench(Stage stage, SpawnCase what)
{
    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        if (what.NeedsPowerShell && !Programs.HasPowerShell(stage))
        {
            return [];
        }

        var queue = await stage.CreateQueueAsync("queue", cancellationToken);
        var client = stage.Own(QueueClient.Create(queue.ConnectionString));
        var worker = stage.Own(new Crew("worker", 1, () => Role.Start("worker", queue)));
        var loop = stage.Own(new Crew("loop", 1, () => Role.Start("spawn", queue)));
        await worker.AskAsync("join", new JsonObject { ["concurrency"] = what.Parallel, ["taskHost"] = Places.TaskHost }, cancellationToken);

        await QueueAsync(client, queue, worker, what.WarmUp, cancellationToken); // For the compilers; it does not count.
        await LoopAsync(loop, what.WarmUp, cancellationToken);
        var tasks = stage.Options.Pick(what.Tasks, what.QuickTasks);
        return await Rounds.CompareAsync(
            "tasks/s", stage.Options.Pick(7, 3),
            new Contender("PgQueue", token => QueueAsync(client, queue, worker, tasks, token)),
            [new Reference(what.Name, new Contender(what.LoopName, token => LoopAsync(loop, tasks, token)), what.Goal)],
            cancellationToken);
    }

    /// <summary>The tasks wait in a queue that is paused; the time is that from its resumption to the last one's end.</summary>
    private async Task<double> QueueAsync(QueueClient client, Database database, Crew worker, int tasks, CancellationToken cancellationToken)
    {
        await client.SetQueueAsync("default", new QueueSettings { Paused = true }, cancellationToken);
        await client.AddAsync([.. Enumerable.Repeat(what.Task, tasks)], null, cancellationToken);
        await database.SettleAsync(cancellationToken);
        await Task.Delay(what.Rest, cancellationToken);
        var completing = worker.TimeAsync("complete", new JsonObject { ["count"] = tasks }, cancellationToken);
        await client.SetQueueAsync("default", new QueueSettings { Paused = false }, cancellationToken);
        return tasks / (await completing).Seconds;
    }

    private async Task<double> LoopAsync(Crew loop, int count, CancellationToken cancellationToken)
    {
        var (seconds, _) = await loop.TimeAsync(
            "loop",
            new JsonObject
            {
                ["file"] = what.File,
                ["args"] = new JsonArray([.. what.Arguments.Select(a => JsonValue.Create(a))]),
                ["prints"] = what.Prints,
                ["count"] = count,
                ["parallel"] = what.Parallel,
            },
            cancellationToken);
        return count / seconds;
    }
}
