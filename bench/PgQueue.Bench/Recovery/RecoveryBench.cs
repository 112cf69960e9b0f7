namespace PgQueue.Bench;

/// <summary>How long after the SIGKILL of a worker another one has started all that it ran.</summary>
internal sealed class RecoveryBench(Stage stage)
{
    private const int Workers = 2;
    private const int Concurrency = 8;
    private const int Tasks = 4;

    private readonly int _kills = stage.Options.Pick(40, 12);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var queue = await stage.CreateQueueAsync("queue", cancellationToken);
        var client = stage.Own(QueueClient.Create(queue.ConnectionString));
        var workers = new Dictionary<string, HostWorker>();
        while (workers.Count < Workers)
        {
            await StartAsync(queue, workers, cancellationToken);
        }

        var seconds = new List<double>();
        while (seconds.Count < _kills)
        {
            seconds.Add(await KillAsync(queue, client, workers, cancellationToken));
            Stage.Say($"kill {seconds.Count} of {_kills}: {Report.Number(seconds[^1])} s");
            await StartAsync(queue, workers, cancellationToken);
        }

        return
        [
            Figure.Alone("recovery", "s", new Series(seconds)),
            Figure.Alone("recovery.p95", "s", new Series(seconds, 0.95), Goal.ValueAtMost(2)),
            Figure.Alone("recovery.worst", "s", new Series(seconds, 1)),
        ];
    }

    /// <summary>Another is there before one is killed: a queue that has no worker left can't recover anything.</summary>
    private async Task StartAsync(Database queue, Dictionary<string, HostWorker> workers, CancellationToken cancellationToken)
    {
        var worker = await HostWorker.StartAsync(stage, queue, $"w{Guid.NewGuid():N}", Concurrency, cancellationToken);
        workers.Add(worker.Name, worker);
    }

    private static async Task<double> KillAsync(
        Database queue, QueueClient client, Dictionary<string, HostWorker> workers, CancellationToken cancellationToken)
    {
        var sleep = NewTask.ForCommand("sleep", "3600");
        var ids = (await client.AddAsync([.. Enumerable.Repeat(sleep, Tasks)], null, cancellationToken)).Select(t => t.Id).ToArray();
        await Until.IsAsync(
            "all tasks run",
            async () => await queue.ScalarAsync<long>("select count(*) from pgqueue.task where state = 'running'", cancellationToken) == Tasks,
            cancellationToken);
        var name = await queue.ScalarAsync<string>(
            "select w.name from pgqueue.task t join pgqueue.worker w on w.id = t.worker_id group by w.id order by count(*) desc, w.id limit 1",
            cancellationToken);
        var running = await queue.ScalarAsync<long[]>(
            "select array_agg(t.id) from pgqueue.task t join pgqueue.worker w on w.id = t.worker_id where w.name = $1", cancellationToken, name);

        workers.Remove(name, out var victim);
        var killed = DateTimeOffset.UtcNow; // The server's clock is this machine's.
        victim!.Kill();
        await Until.IsAsync(
            $"what {name} ran runs again",
            async () => await queue.ScalarAsync<long>(
                "select count(*) from pgqueue.task where state = 'running' and run = 2 and id = any ($1)", cancellationToken, running) == running.Length,
            cancellationToken);
        var started = await queue.ScalarAsync<DateTime>("select max(started_at) from pgqueue.task where id = any ($1)", cancellationToken, running);

        await client.CancelAsync(ids, "the next is to be killed", cancellationToken);
        await client.WaitAsync(ids, cancellationToken: cancellationToken);
        return (started - killed.UtcDateTime).TotalSeconds;
    }
}
