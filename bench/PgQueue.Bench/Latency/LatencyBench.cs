using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>How long after the call that adds it a task starts, on a worker that has nothing else to do.</summary>
internal sealed class LatencyBench(Stage stage)
{
    private const string Unit = "ms";
    private const int WarmUp = 20;
    private const double Median = 0.5;
    private const double Percentile = 0.99;

    private readonly int _rounds = stage.Options.Pick(10, 4);
    private readonly int _samples = stage.Options.Pick(100, 50);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var queue = await stage.CreateQueueAsync("queue", cancellationToken);
        var role = stage.Own(new Crew("worker", 1, () => Role.Start("latency", queue)));
        var graphile = await Peer.GraphileWorker.StartAsync(stage, await stage.CreateDatabaseAsync("graphile", cancellationToken), 1, cancellationToken);

        var (handler, command, peer) = (new List<double>(), new List<double>(), new List<double>());
        await TakeAsync(role, "handler", WarmUp, [], cancellationToken); // For the compilers; it does not count.
        await TakeAsync(role, "command", WarmUp, [], cancellationToken);
        await TakeAsync(graphile, "latency", WarmUp, [], cancellationToken);
        for (var round = 1; round <= _rounds; round++)
        {
            await TakeAsync(role, "handler", _samples, handler, cancellationToken);
            await TakeAsync(graphile, "latency", _samples, peer, cancellationToken);
            await TakeAsync(role, "command", _samples, command, cancellationToken);
            Stage.Say($"round {round} of {_rounds}");
        }

        return
        [
            Figure("latency", handler, peer, Median, 2), Figure("latency.p99", handler, peer, Percentile, 10),
            Figure("latency.command", command, peer, Median, 2), Figure("latency.command.p99", command, peer, Percentile, 10),
        ];
    }

    private static async Task TakeAsync(Crew? crew, string verb, int count, List<double> samples, CancellationToken cancellationToken)
    {
        if (crew is not null)
        {
            var answer = await crew.First.AskAsync(verb, new JsonObject { ["samples"] = count }, cancellationToken);
            samples.AddRange(answer["milliseconds"]!.AsArray().Select(m => (double)m!));
        }
    }

    private static Figure Figure(string name, List<double> samples, List<double> peer, double part, double most)
    {
        var (value, goal) = (new Series(samples, part), Goal.ValueAtMost(most));
        return peer.Count == 0
            ? Bench.Figure.Alone(name, Unit, value, goal)
            : Bench.Figure.OfSamples(name, Unit, value, Peer.GraphileWorker.Title, new Series(peer, part), goal);
    }
}
