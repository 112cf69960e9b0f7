using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Schedules;

public sealed class CronExpressionTests
{
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("2026-01-05T00:00:00Z", "2026-01-05T09:00:00+01:00")]
    [InlineData("2026-07-06T00:00:00Z", "2026-07-06T09:00:00+02:00")]
    [InlineData("2026-07-06T12:00:00+05:00", "2026-07-07T09:00:00+02:00")]
    public void An_occurrence_carries_the_offset_the_zone_has_then(string from, string expected)
    {
        var next = CronExpression.Parse("0 9 * * MON-FRI").GetNextOccurrence(Time(from), s_berlin);
        Assert.Equal(expected, next?.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture));
    }

    [Fact]
    public void What_a_change_skips_happens_right_after_it_and_carries_the_new_offset()
    {
        var next = CronExpression.Parse("30 2 * * *").GetNextOccurrence(Time("2026-03-28T12:00:00Z"), s_berlin);
        Assert.Equal("2026-03-29T03:00:00+02:00", next?.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Inclusive_allows_the_start_itself_but_not_when_a_fraction_is_past()
    {
        var (cron, nine) = (CronExpression.Parse("0 9 * * *"), Time("2026-01-05T08:00:00Z"));
        Assert.Equal(nine, cron.GetNextOccurrence(nine, s_berlin, inclusive: true));
        Assert.Equal(nine.AddDays(1), cron.GetNextOccurrence(nine, s_berlin));
        Assert.Equal(nine.AddDays(1), cron.GetNextOccurrence(nine.AddTicks(1), s_berlin, inclusive: true));
        Assert.Equal(nine, cron.GetNextOccurrence(nine.AddTicks(-1), s_berlin));
    }

    [Fact]
    public void Occurrences_are_worked_out_only_as_they_are_asked_for()
    {
        var times = CronExpression.Parse("@every_second").GetOccurrences(Time("2026-01-01T00:00:00Z"), TimeZoneInfo.Utc);
        Assert.Equal(Time("2026-01-01T00:00:03Z"), times.ElementAt(2));
        Assert.Equal(Time("2026-01-01T00:00:01Z"), times.First());
    }

    [Theory]
    [InlineData("0 0 * * *", "@daily")]
    [InlineData("0 0 * * 7", " 0\t00 ? * sun ")]
    [InlineData("0,30 * * * *", "30,0 */1 * * *")]
    [InlineData("0 0 31 4,5 *", "0 0 31 MAY *")]
    public void Expressions_that_mean_the_same_are_equal(string one, string other)
    {
        var (a, b) = (CronExpression.Parse(one), CronExpression.Parse(other));
        Assert.Equal(a, b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.Equal((one, other), (a.ToString(), b.ToString()));
    }

    [Theory]
    [InlineData("0 1 * * *", "0 1-1 * * *")]
    [InlineData("0 0 1 * *", "0 0 1 1 *")]
    [InlineData("0 0 L * *", "0 0 LW * *")]
    [InlineData("0 0 * * *", "1 0 0 * * *")]
    public void Expressions_that_mean_different_times_are_not_equal(string one, string other)
    {
        Assert.NotEqual(CronExpression.Parse(one), CronExpression.Parse(other));
        Assert.False(CronExpression.Parse(one).Equals(null));
    }

    [Theory]
    [InlineData("0 0 * * 7-2/2", "0 0 * * SUN,TUE")]
    [InlineData("0 0 * * 7-0", "0 0 * * SUN")]
    [InlineData("0 0 * * 1-0", "0 0 * * *")]
    [InlineData("0 0 * * 0-7/7", "0 0 * * SUN")]
    [InlineData("0 0 L-0 * *", "0 0 L * *")]
    [InlineData("0 0 30-2/2 * *", "0 0 30,1 * *")]
    public void Odd_ranges_mean(string odd, string plain) => Assert.Equal(CronExpression.Parse(plain), CronExpression.Parse(odd));

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 2,4,6,9,11 *")]
    [InlineData("0 0 1 * 1#2")]
    [InlineData("0 0 L-29 2 *")]
    [InlineData("0 0 15W * SAT,SUN")]
    [InlineData("* * 8-31 * SUN#1")]
    public void What_no_calendar_has_never_happens(string expression)
    {
        var cron = CronExpression.Parse(expression);
        Assert.Null(cron.GetNextOccurrence(DateTimeOffset.MinValue, s_berlin));
        Assert.Empty(cron.GetOccurrences(Time("2026-01-01T00:00:00Z"), s_berlin));
    }

    [Fact]
    public void The_29th_of_February_on_a_fifth_Monday_comes_every_28_years_and_40_over_a_century()
    {
        var times = CronExpression.Parse("0 0 29 2 MON#5").GetOccurrences(Time("2000-01-01T00:00:00Z"), TimeZoneInfo.Utc);
        Assert.Equal([2016 + 28, 2072, 2112, 2140, 2168, 2196, 2208], times.Select(t => t.Year).Where(y => y > 2016).Take(7));
    }

    [Theory]
    [InlineData("UTC", "9999-12-31T23:59:59")]
    [InlineData("Pacific/Kiritimati", "9999-12-31T23:59:59")]
    [InlineData("Pacific/Pago_Pago", "9999-12-31T12:59:59")]
    public void The_calendar_ends_where_the_local_or_the_UTC_time_does(string zone, string last)
    {
        var times = CronExpression.Parse("@every_second").GetOccurrences(Time("9999-12-31T09:59:50Z"), TimeZoneInfo.FindSystemTimeZoneById(zone));
        Assert.Equal(last, times.Last().ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
        Assert.Null(CronExpression.Parse("* * * * *").GetNextOccurrence(DateTimeOffset.MaxValue, TimeZoneInfo.FindSystemTimeZoneById(zone)));
    }

    [Theory]
    [InlineData("UTC", "0001-01-01T00:00:00+00:00")]
    [InlineData("Asia/Tokyo", "0001-01-02T00:00:00+")]
    [InlineData("America/New_York", "0001-01-01T00:00:00-")]
    public void The_calendar_begins_with_the_first_of_January_of_year_one(string zone, string first)
    {
        var next = CronExpression.Parse("@daily").GetNextOccurrence(DateTimeOffset.MinValue, TimeZoneInfo.FindSystemTimeZoneById(zone), inclusive: true);
        Assert.StartsWith(first, next?.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Fact]
    public void Many_threads_may_share_an_expression_and_a_zone()
    {
        // Paris is used nowhere else, so the threads race to work out its years; from 2031 on its clocks are those of Berlin.
        var cron = CronExpression.Parse("0 9 L * *");
        var (start, paris) = (Time("2031-01-01T00:00:00Z"), TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris"));
        var all = new List<DateTimeOffset>[4];
        Parallel.For(0, all.Length, i => all[i] = [.. cron.GetOccurrences(start, paris).Take(600)]);
        var expected = cron.GetOccurrences(start, s_berlin).Take(600).ToList();
        Assert.All(all, times => Assert.Equal(expected, times));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
