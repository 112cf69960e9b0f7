using System.Globalization;

namespace PgQueue.Chaos;

/// <summary>What a run did and found, for people to read.</summary>
internal static class Report
{
    private const int Shown = 5;

    public static void Write(Findings findings, ChaosOptions options)
    {
        var world = findings.World;
        var states = findings.Tasks.Values.CountBy(t => t.State).ToDictionary();
        var book = world.Adder.Book;
        Line($"Chaos run of {options.Time.TotalMinutes:0.##} minutes, seed {options.Seed}");
        Line($"tasks      {findings.Tasks.Count} added, {states.GetValueOrDefault("completed")} completed, {states.GetValueOrDefault("failed")} failed, {states.GetValueOrDefault("canceled")} canceled");
        Line($"           {string.Join(", ", book.Accepted.Values.CountBy(b => b.Kind).OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => $"{k.Value} {k.Key}"))}");
        Line($"runs       {findings.Written.Count} in the ledger, {findings.Tasks.Values.Sum(t => t.Runs.Count)} in the database, {findings.Tasks.Values.Sum(t => t.Runs.Count(r => r.WasLost))} lost");
        Line($"answers    {book.Unsure} lost for good, {book.Proven} proven by a client id");
        Line($"faults     {string.Join(", ", world.Incidents.All.CountBy(i => i.Kind).OrderBy(k => k.Key).Select(k => $"{k.Value} {k.Key}"))}");
        Line($"workers    {world.Fleet.All.Count} started; {findings.Tasks.Values.Sum(t => t.Runs.Count(findings.WasTakenFromTheLiving))} runs taken from living ones");
        Recovery(findings);
        Breaches(world.Breaches);
    }

    private static void Recovery(Findings findings)
    {
        var all = RecoveryTimes.Of(findings).ToList();
        Recovery("recovery", [.. all.Where(r => !r.InOutage).Select(r => r.Time).Order()]);
        Recovery("  the same with the server away or nobody there", [.. all.Where(r => r.InOutage).Select(r => r.Time).Order()]);
    }

    private static void Recovery(string title, IReadOnlyList<TimeSpan> times)
    {
        if (times.Count > 0)
        {
            Line($"{title,-10} after SIGKILL: {times.Count} workers that had tasks; median {At(0.5)}, 95th percentile {At(0.95)}, worst {At(1)}");
        }

        string At(double part) => string.Create(
            CultureInfo.InvariantCulture, $"{times[Math.Max(0, (int)Math.Ceiling(part * times.Count) - 1)].TotalSeconds:0.00} s");
    }

    private static void Breaches(Breaches breaches)
    {
        Line($"breaches   {breaches.All.Count}");
        foreach (var rule in breaches.All.GroupBy(b => b.Rule))
        {
            Line($"\nBREACH: {rule.Key} ({rule.Count()})");
            foreach (var (_, detail) in rule.Take(Shown))
            {
                Line($"  {detail.Replace("\n", "\n  ", StringComparison.Ordinal)}");
            }
        }
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
