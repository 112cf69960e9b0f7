using System.Diagnostics;
using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>Limits far above what is measured, so that only a search that loops fails them.</summary>
public sealed class CronSpeedTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("* * * * * *")]
    [InlineData("*/5 * * * *")]
    [InlineData("0 9 * * MON-FRI")]
    [InlineData("30 2 LW * *")]
    public void A_million_occurrences_take_seconds_at_most(string expression)
    {
        var (cron, watch, count) = (CronExpression.Parse(expression), Stopwatch.StartNew(), 0);
        while (count < 1_000_000)
        {
            // Those that are rare reach the calendar's end and begin again.
            count += cron.GetOccurrences(s_start, s_berlin).Take(1_000_000 - count).Count();
        }

        output.WriteLine($"'{expression}': {count / watch.Elapsed.TotalSeconds:N0} occurrences a second");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 29 2 1#5")]
    [InlineData("59 59 23 29 2 0L")]
    [InlineData("59 59 23 31W 2-11 SAT")]
    [InlineData("0 0 L-30W * SAT,SUN")]
    [InlineData("0 0 1W 2 MON#2")]
    [InlineData("30 2 29 2 7#5")]
    public void No_expression_searches_long(string expression)
    {
        var (cron, watch) = (CronExpression.Parse(expression), Stopwatch.StartNew());
        for (var year = 1; year < 10_000; year += 10)
        {
            cron.GetNextOccurrence(new(year, 3, 1, 0, 0, 0, TimeSpan.Zero), s_berlin);
        }

        output.WriteLine($"'{expression}': {watch.Elapsed.TotalMicroseconds / 1000:N1} microseconds a search");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }
}
