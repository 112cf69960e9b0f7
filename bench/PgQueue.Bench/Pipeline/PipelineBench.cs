using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>What goes through <c>Add-PqTask</c> from the pipeline: how fast, beside the engine alone, and in how much memory.</summary>
internal sealed class PipelineBench(Stage stage)
{
    private const int Few = 10_000;
    private const int Batch = 5000;
    private const double Megabyte = 1e6;

    private readonly int _many = stage.Options.Pick(100_000, 40_000);
    private readonly int _rounds = stage.Options.Pick(5, 2);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        if (!Programs.HasPowerShell(stage))
        {
            return [];
        }

        var queue = await stage.CreateQueueAsync("queue", cancellationToken);
        var engine = stage.Own(new Crew("producer", 1, () => Role.Start("producer", queue)));
        await engine.AskAsync("scripts", Peer.Jobs(Few, Batch), cancellationToken); // For the compilers; it does not count.
        var (smallPeaks, peaks) = (new List<double>(), new List<double>());
        var rates = await Rounds.RunAsync(
            "tasks/s", _rounds,
            [
                new Contender("pipeline", async token =>
                {
                    // A session of its own: memory that was used once is seldom given back.
                    await using var session = Session.Start(queue);
                    var (_, small) = await AddAsync(queue, session, "pipeline", Few, token);
                    var (rate, large) = await AddAsync(queue, session, "pipeline", _many, token);
                    smallPeaks.Add((double)small["peak"]! / Megabyte);
                    peaks.Add((double)large["peak"]! / Megabyte);
                    return rate;
                }),
                new Contender("engine", async token => (await AddAsync(queue, engine, "scripts", _many, token)).Rate),
            ],
            cancellationToken);
        return
        [
            Figure.OfRounds("pipeline", "tasks/s", rates["pipeline"], "the engine's AddAsync", rates["engine"]),
            Figure.OfRounds("pipeline.memory", $"MB at {_many} tasks", new Series(peaks), $"at {Few} tasks", new Series(smallPeaks)),
        ];
    }

    private static async Task<(double Rate, JsonObject Answer)> AddAsync(Database queue, Crew crew, string verb, int count, CancellationToken cancellationToken)
    {
        await queue.ExecuteAsync("truncate pgqueue.task", cancellationToken);
        await queue.SettleAsync(cancellationToken);
        var (seconds, answers) = await crew.TimeAsync(verb, Peer.Jobs(count, Batch), cancellationToken);
        return (count / seconds, answers[0]);
    }
}
