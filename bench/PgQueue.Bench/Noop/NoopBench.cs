using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>Tasks that do nothing: how many go their whole way in a second, from ready in one table to finished in another.</summary>
internal sealed class NoopBench(Stage stage)
{
    private const int WarmUp = 5000;
    private const int AddBatch = 5000;

    /// <summary>Tasks that the worker runs at once, and the batch of the bare SQL.</summary>
    private const int Concurrency = 500;

    /// <summary>Of the bare SQL: as many as the worker uses at once, one to claim and one to finish.</summary>
    private const int BareConnections = 2;

    private const int GraphileProcesses = 4;

    private const int BossProcesses = 2;
    private const int BossBatch = 5000;

    private readonly int _tasks = stage.Options.Pick(200_000, 30_000);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var queue = await QueueAsync(cancellationToken);
        var bare = await BareAsync(cancellationToken);
        var graphile = await GraphileAsync(cancellationToken);
        var boss = await BossAsync(cancellationToken);
        foreach (var drainer in new[] { queue, bare, graphile, boss }.OfType<Drainer>())
        {
            await drainer.MeasureAsync(WarmUp, cancellationToken); // For the compilers; it does not count.
        }

        List<Reference> references =
        [
            .. Reference("noop", graphile, Goal.RatioAtLeast(3)),
            .. Reference("noop.bare", bare, Goal.RatioAtLeast(0.8)),
            .. Reference("noop.pg-boss", boss, null),
        ];
        return await Rounds.CompareAsync("tasks/s", stage.Options.Pick(5, 3), Contender(queue), references, cancellationToken);
    }

    private IEnumerable<Reference> Reference(string figure, Drainer? drainer, Goal? goal) =>
        drainer is null ? [] : [new(figure, Contender(drainer), goal)];

    private Contender Contender(Drainer drainer) => new(drainer.Name, token => drainer.MeasureAsync(_tasks, token));

    /// <summary>One worker process: it claims on one connection and finishes on another, at the same time.</summary>
    private async Task<Drainer> QueueAsync(CancellationToken cancellationToken)
    {
        var database = await stage.CreateQueueAsync("queue", cancellationToken);
        var producer = stage.Own(new Crew("producer", 1, () => Role.Start("producer", database)));
        var workers = stage.Own(new Crew("worker", 1, () => Role.Start("worker", database)));
        return new Drainer(
            "PgQueue", database, "truncate pgqueue.task, pgqueue.history",
            (count, token) => producer.First.AskAsync("add", Peer.Jobs(count, AddBatch), token),
            workers, new JsonObject { ["concurrency"] = Concurrency });
    }

    private async Task<Drainer> BareAsync(CancellationToken cancellationToken)
    {
        var database = await stage.CreateQueueAsync("bare", cancellationToken);
        await database.ExecuteAsync(Sql.Read("bare.sql"), cancellationToken);
        var move = await database.ScalarAsync<string>(Sql.Read("move.sql"), cancellationToken);
        var process = stage.Own(new Crew("bare SQL", 1, () => Role.Start("bare", database)));
        return new Drainer(
            "bare SQL", database, "truncate bare.task, bare.history",
            (count, token) => database.AddWaitingAsync("bare", count, token),
            process, new JsonObject { ["connections"] = BareConnections, ["batch"] = Concurrency, ["move"] = move });
    }

    private async Task<Drainer?> GraphileAsync(CancellationToken cancellationToken)
    {
        var database = await stage.CreateDatabaseAsync("graphile", cancellationToken);
        var workers = await Peer.GraphileWorker.StartAsync(stage, database, GraphileProcesses, cancellationToken);
        return workers is null ? null : new Drainer(
            Peer.GraphileWorker.Title, database, "truncate graphile_worker._private_jobs",
            (count, token) => workers.First.AskAsync("add", Peer.Jobs(count, AddBatch), token), workers, null);
    }

    private async Task<Drainer?> BossAsync(CancellationToken cancellationToken)
    {
        var database = await stage.CreateDatabaseAsync("boss", cancellationToken);
        var workers = await Peer.PgBoss.StartAsync(stage, database, BossProcesses, cancellationToken);
        return workers is null ? null : new Drainer(
            Peer.PgBoss.Title, database, "truncate pgboss.job",
            (count, token) => workers.First.AskAsync("add", Peer.Jobs(count, AddBatch), token),
            workers, new JsonObject { ["loops"] = 1, ["batch"] = BossBatch });
    }
}
