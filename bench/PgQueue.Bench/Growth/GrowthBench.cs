namespace PgQueue.Bench;

/// <summary>
/// Whether a queue stays as fast as it was: on empty tables, on tables that have grown, and on those with a snapshot that
/// somebody holds all the while.
/// </summary>
internal sealed class GrowthBench(Stage stage)
{
    private const int WarmUp = 5000;
    private const string Unit = "tasks/s";

    private readonly int _finished = stage.Options.Pick(10_000_000, 500_000);
    private readonly int _waiting = stage.Options.Pick(1_000_000, 100_000);
    private readonly int _tasks = stage.Options.Pick(200_000, 20_000);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var empty = await PlaceAsync("empty", cancellationToken);
        var grown = await PlaceAsync("grown", cancellationToken);
        Stage.Say($"Filling: {_finished} finished and {_waiting} waiting tasks ...");
        await grown.FillAsync(_finished, _waiting, cancellationToken);

        var answers = new Answers(grown.Database);
        var figures = new List<Figure>(await HeldAsync(grown, () => answers.MeasureAsync("growth", cancellationToken), cancellationToken));
        await empty.TakeAsync(WarmUp, WarmUp, cancellationToken); // For the compilers; it does not count.
        await grown.TakeAsync(WarmUp, _waiting, cancellationToken);
        figures.InsertRange(0, await CompareAsync(empty, grown, cancellationToken));
        figures.AddRange(await HeldAsync(grown, () => answers.MeasureAsync("growth.after", cancellationToken), cancellationToken));
        return figures;
    }

    private async Task<IReadOnlyList<Figure>> CompareAsync(GrowingQueue empty, GrowingQueue grown, CancellationToken cancellationToken)
    {
        const string held = "grown, snapshot held";
        const string free = "grown";
        const string none = "empty tables";
        var rates = await Rounds.RunAsync(
            Unit, stage.Options.Pick(5, 3),
            [
                new Contender(held, token => HeldAsync(grown, () => grown.TakeAsync(_tasks, _waiting, token), token)),
                new Contender(none, token => empty.TakeAsync(_tasks, _tasks, token)),
                new Contender(free, token => grown.TakeAsync(_tasks, _waiting, token)),
            ],
            cancellationToken);
        return
        [
            Figure.OfRounds("growth", Unit, rates[held], none, rates[none], Goal.RatioAtLeast(0.8)),
            Figure.OfRounds("growth.free", Unit, rates[free], none, rates[none]),
        ];
    }

    private async Task<GrowingQueue> PlaceAsync(string name, CancellationToken cancellationToken)
    {
        var database = await stage.CreateQueueAsync(name, cancellationToken);
        return new GrowingQueue(database, stage.Own(new Crew("worker", 1, () => Role.Start("worker", database))));
    }

    /// <summary>Does something while another session sees the tables as they were before it.</summary>
    private static async Task<T> HeldAsync<T>(GrowingQueue grown, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await using var other = await grown.Database.OpenAsync(cancellationToken);
        await using var transaction = await other.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        await using var look = other.CreateCommand();
        look.CommandText = "select count(*) from pgqueue.queue";
        await look.ExecuteScalarAsync(cancellationToken);
        return await work();
    }
}
