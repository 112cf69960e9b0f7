using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A script from Add-PqTask to its end, with a child waiting for it, and from Start-Job to its end, in one pwsh.</summary>
internal sealed class WarmBench(Stage stage)
{
    /// <summary>Milliseconds before each: the worker has another child ready by then.</summary>
    private const int Pause = 1500;

    private readonly int _rounds = stage.Options.Pick(8, 3);
    private readonly int _samples = stage.Options.Pick(10, 5);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        if (!Programs.HasPowerShell(stage))
        {
            return [];
        }

        var queue = await stage.CreateQueueAsync("queue", cancellationToken);
        var session = stage.Own(Session.Start(queue));
        await HostWorker.StartAsync(stage, queue, "warm", 1, cancellationToken);
        var (tasks, jobs) = (new List<double>(), new List<double>());
        await TakeAsync(session, "task", 2, [], cancellationToken); // The session's first does not count, of either.
        await TakeAsync(session, "job", 1, [], cancellationToken);
        for (var round = 1; round <= _rounds; round++)
        {
            await TakeAsync(session, "task", _samples, tasks, cancellationToken);
            await TakeAsync(session, "job", _samples, jobs, cancellationToken);
            Stage.Say($"round {round} of {_rounds}");
        }

        return [Figure.OfSamples("warm", "ms", new Series(tasks), "Start-Job", new Series(jobs), Goal.ValueAtMost(25))];
    }

    private static async Task TakeAsync(Crew session, string verb, int count, List<double> samples, CancellationToken cancellationToken)
    {
        var answer = await session.First.AskAsync(verb, new JsonObject { ["samples"] = count, ["pause"] = verb == "task" ? Pause : 0 }, cancellationToken);
        samples.AddRange(answer["milliseconds"]!.AsArray().Select(m => (double)m!));
    }
}
