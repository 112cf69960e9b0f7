using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>
/// What notifications cost those who add: 32 connections add single tasks while four workers listen, in a queue that
/// notifies and in one whose function for it does nothing.
/// </summary>
internal sealed class NotifyBench(Stage stage)
{
    private const int Connections = 32;
    private const int Workers = 4;
    private const int Concurrency = 4;
    private const int Backlog = 5000;
    private const string Unit = "tasks/s";

    private readonly int _rounds = stage.Options.Pick(15, 3);
    private readonly int _seconds = stage.Options.Pick(4, 3);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var on = await StartAsync("notifying", cancellationToken);
        var off = await StartAsync("silent", cancellationToken);
        await off.Database.ExecuteAsync(Sql.Read("silence.sql"), cancellationToken);
        await on.AddAsync(1, cancellationToken); // For the compilers; it does not count.
        await off.AddAsync(1, cancellationToken);
        return
        [
            .. await CompareAsync("notify", on, off, busy: true, Goal.RatioAtLeast(0.9), cancellationToken),
            .. await CompareAsync("notify.asleep", on, off, busy: false, null, cancellationToken),
        ];
    }

    private Task<IReadOnlyList<Figure>> CompareAsync(string figure, Place on, Place off, bool busy, Goal? goal, CancellationToken cancellationToken) =>
        Rounds.CompareAsync(
            Unit, _rounds,
            new Contender("listening", token => MeasureAsync(on, busy, token)),
            [new Reference(figure, new Contender("the same without notifications", token => MeasureAsync(off, busy, token)), goal)],
            cancellationToken);

    private async Task<Place> StartAsync(string name, CancellationToken cancellationToken)
    {
        var database = await stage.CreateQueueAsync(name, cancellationToken);
        var client = stage.Own(QueueClient.Create(database.ConnectionString));
        await Place.PauseAsync(client, true, cancellationToken);
        var workers = stage.Own(new Crew("worker", Workers, () => Role.Start("worker", database)));
        await workers.AskAsync("join", new JsonObject { ["concurrency"] = Concurrency }, cancellationToken);
        return new Place(database, client, stage.Own(new Crew("producers", 1, () => Role.Start("producer", database))), Connections);
    }

    /// <summary>Busy workers work off a backlog, and what is added waits behind it; those of a paused queue sleep.</summary>
    private async Task<double> MeasureAsync(Place place, bool busy, CancellationToken cancellationToken)
    {
        await place.ClearAsync(cancellationToken);
        if (busy)
        {
            await place.KeepBusyAsync(Backlog, Workers * Concurrency, cancellationToken);
        }

        return await place.AddAsync(_seconds, cancellationToken);
    }
}
