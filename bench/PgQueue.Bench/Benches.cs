namespace PgQueue.Bench;

/// <summary>The benches by their names.</summary>
internal static class Benches
{
    public static IReadOnlyDictionary<string, Func<Stage, CancellationToken, Task<IReadOnlyList<Figure>>>> All { get; } =
        new Dictionary<string, Func<Stage, CancellationToken, Task<IReadOnlyList<Figure>>>>
        {
            ["noop"] = (stage, token) => new NoopBench(stage).RunAsync(token),
            ["add"] = (stage, token) => new AddBench(stage).RunAsync(token),
            ["latency"] = (stage, token) => new LatencyBench(stage).RunAsync(token),
            ["command"] = (stage, token) => new SpawnBench(stage, SpawnCase.Command).RunAsync(token),
            ["method"] = (stage, token) => new SpawnBench(stage, SpawnCase.Method).RunAsync(token),
            ["script"] = (stage, token) => new SpawnBench(stage, SpawnCase.Script).RunAsync(token),
            ["import"] = (stage, token) => new ImportBench(stage).RunAsync(token),
            ["warm"] = (stage, token) => new WarmBench(stage).RunAsync(token),
            ["recovery"] = (stage, token) => new RecoveryBench(stage).RunAsync(token),
            ["notify"] = (stage, token) => new NotifyBench(stage).RunAsync(token),
            ["growth"] = (stage, token) => new GrowthBench(stage).RunAsync(token),
            ["pipeline"] = (stage, token) => new PipelineBench(stage).RunAsync(token),
            ["idle"] = (stage, token) => new IdleBench(stage).RunAsync(token),
        };

    /// <summary>Runs benches one after the other, each on a server of its own.</summary>
    /// <returns>0, or 1 where one of them failed. A goal that is missed is no failure.</returns>
    public static async Task<int> RunAsync(IEnumerable<string> names, BenchOptions options, CancellationToken cancellationToken)
    {
        Stage.Say(Machine.Describe());
        var code = 0;
        var (judged, leftOut) = (new List<Figure>(), new SortedSet<string>());
        foreach (var name in names)
        {
            try
            {
                await using var stage = new Stage(options);
                Stage.Say($"{name}:");
                var figures = await All[name](stage, cancellationToken);
                Report.Write(figures, options.Json);
                judged.AddRange(figures.Where(f => f.IsMet is not null));
                leftOut.UnionWith(stage.LeftOut);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync($"{name} FAILED: {(e is BenchException or QueueException or EmbeddedServerException ? e.Message : e)}");
                code = 1;
            }
        }

        foreach (var what in leftOut)
        {
            Stage.Say($"LEFT OUT: {what}");
        }

        var missed = judged.Where(f => f.IsMet is false).Select(f => f.Name).ToList();
        Stage.Say($"{judged.Count - missed.Count} of {judged.Count} goals are met.{(missed.Count == 0 ? "" : $" MISSED: {string.Join(", ", missed)}")}");
        return code;
    }
}
