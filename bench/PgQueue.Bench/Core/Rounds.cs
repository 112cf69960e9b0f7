namespace PgQueue.Bench;

/// <summary>One of those that are measured side by side.</summary>
/// <param name="Name">What it is called in the report.</param>
/// <param name="MeasureAsync">Sets everything up anew and measures once.</param>
internal sealed record Contender(string Name, Func<CancellationToken, Task<double>> MeasureAsync);

/// <summary>One that PgQueue is compared with.</summary>
/// <param name="Figure">The name of the figure that comes of it.</param>
/// <param name="Contender">How it is measured.</param>
/// <param name="Goal">What PgQueue must reach; nothing where null.</param>
internal sealed record Reference(string Figure, Contender Contender, Goal? Goal = null);

/// <summary>Measures in turns, forth and back (A B C, C B A, …), so that a machine that slows down slows all of them.</summary>
internal static class Rounds
{
    /// <returns>What was measured of each contender, a sample a round.</returns>
    public static async Task<Dictionary<string, Series>> RunAsync(
        string unit, int rounds, IReadOnlyList<Contender> contenders, CancellationToken cancellationToken)
    {
        var samples = contenders.ToDictionary(c => c.Name, _ => new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var contender in round % 2 == 1 ? contenders : contenders.Reverse())
            {
                var sample = await contender.MeasureAsync(cancellationToken);
                samples[contender.Name].Add(sample);
                Stage.Say($"round {round} of {rounds}: {contender.Name} {Report.Number(sample)} {unit}");
            }
        }

        return samples.ToDictionary(s => s.Key, s => new Series(s.Value));
    }

    /// <returns>A figure for each reference.</returns>
    public static async Task<IReadOnlyList<Figure>> CompareAsync(
        string unit, int rounds, Contender subject, IReadOnlyList<Reference> references, CancellationToken cancellationToken)
    {
        var all = await RunAsync(unit, rounds, [subject, .. references.Select(r => r.Contender)], cancellationToken);
        return [.. references.Select(r => Figure.OfRounds(r.Figure, unit, all[subject.Name], r.Contender.Name, all[r.Contender.Name], r.Goal))];
    }
}
