using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>Occurrences around changes of the offset, compared with those that <see cref="WallClock"/> finds.</summary>
public sealed class CronZoneTests
{
    private const int ExpressionsPerChange = 24;

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("Africa/Casablanca", 2011, 2027)]
    [InlineData("Europe/Dublin", 1968, 1973)]
    [InlineData("Europe/Dublin", 2019, 2026)]
    [InlineData("Pacific/Apia", 2009, 2013)]
    [InlineData("Europe/Berlin", 2020, 2026)]
    [InlineData("Europe/London", 1940, 1948)]
    [InlineData("America/Havana", 2008, 2014)]
    [InlineData("America/Sao_Paulo", 2015, 2020)]
    [InlineData("America/St_Johns", 2005, 2013)]
    [InlineData("Antarctica/Troll", 2020, 2026)]
    [InlineData("Antarctica/Casey", 2009, 2024)]
    [InlineData("Asia/Gaza", 2008, 2026)]
    [InlineData("Asia/Tehran", 2018, 2023)]
    [InlineData("Asia/Pyongyang", 2014, 2019)]
    [InlineData("Australia/Lord_Howe", 2018, 2026)]
    [InlineData("Pacific/Kwajalein", 1993, 1994)]
    [InlineData("America/Caracas", 2007, 2017)]
    [InlineData("Africa/Freetown", 1939, 1940)]
    [InlineData("Europe/Lisbon", 1911, 1913)]
    [InlineData("Pacific/Kiritimati", 1994, 1996)]
    public void Random_expressions_agree_with_a_walk_over_every_minute_around_each_change(string zoneId, int firstYear, int endYear)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(zoneId);
        var random = new Random(firstYear);
        var changes = Changes(zone, Utc(firstYear, 1, 1), Utc(endYear, 1, 1)).ToList();
        Assert.NotEmpty(changes);
        foreach (var change in changes)
        {
            var (from, to) = (change.AddHours(-30), change.AddHours(30));
            var clock = new WallClock(zone, from, to, s_minute);
            for (var i = 0; i < ExpressionsPerChange; i++)
            {
                var (text, matches) = RandomExpression(random);
                AssertAgree(text, matches, clock, zone, from, to);
            }
        }
    }

    [Theory]
    [InlineData("Africa/Casablanca", "2025-02-23T02:00:00Z")]
    [InlineData("Africa/Casablanca", "2025-04-06T02:00:00Z")]
    [InlineData("Europe/Dublin", "2025-03-30T01:00:00Z")]
    [InlineData("Europe/Dublin", "2025-10-26T01:00:00Z")]
    [InlineData("Pacific/Apia", "2011-12-30T10:00:00Z")]
    public void Seconds_agree_with_a_walk_over_every_second_around_a_change(string zoneId, string changeText)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(zoneId);
        var change = DateTimeOffset.Parse(changeText, System.Globalization.CultureInfo.InvariantCulture).UtcDateTime;
        Assert.NotEqual(zone.GetUtcOffset(change.AddSeconds(-1)), zone.GetUtcOffset(change));
        var (from, to) = (change.AddHours(-2), change.AddHours(2));
        var clock = new WallClock(zone, from, to, TimeSpan.FromSeconds(1));
        AssertAgree("*/7 * * * * *", t => t.Second % 7 == 0, clock, zone, from, to);
        AssertAgree("59 59 * * * *", t => t is { Second: 59, Minute: 59 }, clock, zone, from, to);
        AssertAgree("0,30 0,30 0,1,2,3 * * *", t => t.Second % 30 == 0 && t.Minute % 30 == 0 && t.Hour < 4, clock, zone, from, to);
        AssertAgree("1 1-1 2,3 * * *", t => t is { Second: 1, Minute: 1, Hour: 2 or 3 }, clock, zone, from, to);
    }

    [Theory]
    [InlineData("0 12 * * *", "2011-12-29T22:00:00Z,2011-12-30T10:00:00Z,2011-12-30T22:00:00Z")]
    [InlineData("0 12 30 * *", "2011-12-30T10:00:00Z,2012-01-29T22:00:00Z")]
    [InlineData("*/30 * 30 * *", "2011-12-30T10:00:00Z,2012-01-29T10:00:00Z")]
    [InlineData("0 0 31 12 *", "2011-12-30T10:00:00Z,2012-12-30T10:00:00Z")]
    public void The_day_that_Apia_skipped_happens_at_the_midnight_after_it(string expression, string expected)
    {
        var times = CronExpression.Parse(expression)
            .GetOccurrences(new(2011, 12, 29, 12, 0, 0, TimeSpan.Zero), TimeZoneInfo.FindSystemTimeZoneById("Pacific/Apia"))
            .Take(expected.Split(',').Length);
        Assert.Equal(expected, string.Join(',', times.Select(t => t.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture))));
    }

    [Theory]
    [InlineData(8, 7)]
    [InlineData(8, 10)]
    [InlineData(12, 5)]
    [InlineData(-8, 7)]
    [InlineData(-10, 12)]
    [InlineData(-12, 30)]
    public void A_zone_that_goes_there_and_back_within_hours_agrees_too(int deltaHours, int lastingHours)
    {
        // Local times are then skipped by one change and shown by the other, or shown three times.
        var zone = ThereAndBack(TimeSpan.FromHours(deltaHours), TimeSpan.FromHours(lastingHours));
        AssertRandomAgree(zone, Utc(2025, 6, 8), Utc(2025, 6, 13), changes: 2);
    }

    [Theory]
    [InlineData(1, 30)]
    [InlineData(5, 30)]
    [InlineData(12, 600)]
    public void What_is_shown_twice_may_reach_over_the_end_of_the_UTC_year(int deltaHours, int minutesBefore)
    {
        var delta = TimeSpan.FromHours(deltaHours);
        var end = Utc(2025, 1, 1).AddMinutes(-minutesBefore);
        var standard = TimeSpan.FromHours(-12);
        var zone = Zone($"back {minutesBefore} minutes before the year", standard, delta, new(2024, 6, 10), end + standard + delta);
        AssertRandomAgree(zone, end.AddDays(-2), end.AddDays(2), changes: 1);
    }

    private static void AssertRandomAgree(TimeZoneInfo zone, DateTime from, DateTime to, int changes)
    {
        Assert.Equal(changes, Changes(zone, from, to).Count());
        var clock = new WallClock(zone, from, to, s_minute);
        var random = new Random(changes);
        for (var i = 0; i < 100; i++)
        {
            var (text, matches) = RandomExpression(random);
            AssertAgree(text, matches, clock, zone, from, to);
        }
    }

    private static void AssertAgree(string text, Func<DateTime, bool> matches, WallClock clock, TimeZoneInfo zone, DateTime from, DateTime to)
    {
        var timeFields = text.Split(' ')[..^3];
        var expected = clock.Occurrences(matches, timeFields.Any(f => f.AsSpan().ContainsAny("*?-/")));
        var found = CronExpression.Parse(text).GetOccurrences(new(from), zone).TakeWhile(t => t.UtcDateTime < to).ToList();
        Assert.True(expected.SequenceEqual(found.Select(t => t.UtcDateTime)), $"'{text}' in {zone.Id} from {from:u}");
        Assert.All(found, t => Assert.Equal(zone.GetUtcOffset(t.UtcDateTime), t.Offset));
    }

    private static IEnumerable<DateTime> Changes(TimeZoneInfo zone, DateTime from, DateTime to)
    {
        for (var hour = from; hour < to; hour = hour.AddHours(1))
        {
            if (zone.GetUtcOffset(hour) != zone.GetUtcOffset(hour.AddHours(1)))
            {
                yield return hour.AddHours(1);
            }
        }
    }

    private static (string Text, Func<DateTime, bool> Matches) RandomExpression(Random random)
    {
        var (minuteText, minutes) = RandomField(random, 0, 59);
        var (hourText, hours) = RandomField(random, 0, 23);
        var (dayText, days) = random.Next(3) == 0 ? RandomField(random, 1, 31) : ("*", [.. Enumerable.Range(1, 31)]);
        var (weekdayText, weekdays) = random.Next(4) == 0 ? RandomField(random, 0, 7) : ("?", [.. Enumerable.Range(0, 8)]);
        return ($"{minuteText} {hourText} {dayText} * {weekdayText}", local =>
            minutes.Contains(local.Minute) && hours.Contains(local.Hour)
            && days.Contains(local.Day)
            && (weekdays.Contains((int)local.DayOfWeek) || (local.DayOfWeek == DayOfWeek.Sunday && weekdays.Contains(7))));
    }

    private static (string Text, HashSet<int> Values) RandomField(Random random, int min, int max)
    {
        var step = random.Next(2, max);
        var (first, last) = (random.Next(min, max + 1), random.Next(min, max + 1));
        (first, last) = (Math.Min(first, last), Math.Max(first, last));
        var all = Enumerable.Range(min, max - min + 1).ToHashSet();
        switch (random.Next(6))
        {
            case 0:
                return ("*", all);
            case 1:
                return ($"{first}-{last}", [.. all.Where(v => v >= first && v <= last)]);
            case 2:
                return ($"{first}/{step}", [.. all.Where(v => v >= first && (v - first) % step == 0)]);
            default:
                var values = Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(min, max + 1)).ToHashSet();
                return (string.Join(',', values), values);
        }
    }

    private static TimeZoneInfo ThereAndBack(TimeSpan delta, TimeSpan lasting)
    {
        var start = new DateTime(2025, 6, 10, 2, 0, 0);
        return Zone($"there and back {delta} {lasting}", TimeSpan.Zero, delta, start, start + delta + lasting);
    }

    /// <summary>A zone whose clocks are ahead from one local time of a year to another of the same year.</summary>
    private static TimeZoneInfo Zone(string id, TimeSpan standard, TimeSpan delta, DateTime start, DateTime end)
    {
        var rule = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            new(start.Year, 1, 1), new(start.Year, 12, 31), delta, Transition(start), Transition(end));
        return TimeZoneInfo.CreateCustomTimeZone(id, standard, id, id, id, [rule]);

        static TimeZoneInfo.TransitionTime Transition(DateTime at) =>
            TimeZoneInfo.TransitionTime.CreateFixedDateRule(DateTime.MinValue + at.TimeOfDay, at.Month, at.Day);
    }

    private static DateTime Utc(int year, int month, int day) => new(year, month, day, 0, 0, 0, DateTimeKind.Utc);
}
