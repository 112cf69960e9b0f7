namespace PgQueue.Bench;

/// <summary>How many tasks one producer adds in a second, many at a time, on one connection.</summary>
internal sealed class AddBench(Stage stage)
{
    private const int Batch = 5000;

    private readonly int _tasks = stage.Options.Pick(200_000, 50_000);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var queue = await stage.CreateQueueAsync("queue", cancellationToken);
        var producer = stage.Own(new Crew("producer", 1, () => Role.Start("producer", queue)));
        var bare = stage.Own(new Crew("bare COPY", 1, () => Role.Start("bare", queue)));
        var subject = Adder("PgQueue", queue, "pgqueue.task", producer, "add");
        List<Reference> references =
        [
            .. await PeerAsync(Peer.GraphileWorker, "graphile", "graphile_worker._private_jobs", "add", Goal.RatioAtLeast(2), cancellationToken),
            .. await PeerAsync(Peer.PgBoss, "boss", "pgboss.job", "add.pg-boss", null, cancellationToken),
            new("add.copy", Adder("bare COPY", queue, "pgqueue.task", bare, "copy")),
        ];
        foreach (var contender in references.Select(r => r.Contender).Append(subject))
        {
            await contender.MeasureAsync(cancellationToken); // For the compilers to warm up; it does not count.
        }

        return await Rounds.CompareAsync("tasks/s", stage.Options.Pick(7, 3), subject, references, cancellationToken);
    }

    private async Task<IEnumerable<Reference>> PeerAsync(
        Peer peer, string databaseName, string table, string figure, Goal? goal, CancellationToken cancellationToken)
    {
        var database = await stage.CreateDatabaseAsync(databaseName, cancellationToken);
        return await peer.StartAsync(stage, database, 1, cancellationToken) is { } crew
            ? [new Reference(figure, Adder(peer.Title, database, table, crew, "add"), goal)]
            : [];
    }

    private Contender Adder(string name, Database database, string table, Crew crew, string verb) => new(name, async token =>
    {
        await database.ExecuteAsync($"truncate {table}", token);
        await database.SettleAsync(token);
        var (seconds, _) = await crew.TimeAsync(verb, Peer.Jobs(_tasks, Batch), token);
        return await database.ScalarAsync<long>($"select count(*) from {table}", token) is var added && added == _tasks
            ? _tasks / seconds
            : throw new BenchException($"{name} added {added} of {_tasks} tasks.");
    });
}
