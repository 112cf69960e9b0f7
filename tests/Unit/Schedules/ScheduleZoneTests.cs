using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>Daylight saving, from the row of a schedule to the ticks of its tasks.</summary>
public sealed class ScheduleZoneTests
{
    [Theory]
    // 02:30 is skipped on the 30th: 03:00 there.
    [InlineData("30 2 * * *", "Europe/Berlin", "2025-03-28T12:00Z", "2025-03-31T12:00Z", "2025-03-29T01:30Z,2025-03-30T01:00Z,2025-03-31T00:30Z")]
    [InlineData("30 2 * * *", "W. Europe Standard Time", "2025-03-29T12:00Z", "2025-03-30T12:00Z", "2025-03-30T01:00Z")]
    // 02:30 comes twice on the 26th: once for a time of day, twice for an interval.
    [InlineData("30 2 * * *", "Europe/Berlin", "2025-10-25T12:00Z", "2025-10-27T12:00Z", "2025-10-26T00:30Z,2025-10-27T01:30Z")]
    [InlineData("30 * * * *", "Europe/Berlin", "2025-10-25T23:45Z", "2025-10-26T02:00Z", "2025-10-26T00:30Z,2025-10-26T01:30Z")]
    // Summer time is the standard one: its end is a change back as anywhere.
    [InlineData("30 1 * * *", "Europe/Dublin", "2025-10-25T12:00Z", "2025-10-27T12:00Z", "2025-10-26T00:30Z,2025-10-27T01:30Z")]
    [InlineData("30 1 * * *", "Europe/Dublin", "2025-03-29T12:00Z", "2025-03-31T12:00Z", "2025-03-30T01:00Z,2025-03-31T00:30Z")]
    // An hour back for Ramadan, and forward after it.
    [InlineData("30 2 * * *", "Africa/Casablanca", "2025-02-22T12:00Z", "2025-02-24T12:00Z", "2025-02-23T01:30Z,2025-02-24T02:30Z")]
    [InlineData("30 2 * * *", "Africa/Casablanca", "2025-04-05T12:00Z", "2025-04-07T12:00Z", "2025-04-06T02:00Z,2025-04-07T01:30Z")]
    // The 30th did not happen: its noon is the first moment of the 31st.
    [InlineData("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00Z", "2012-01-01T00:00Z", "2011-12-29T22:00Z,2011-12-30T10:00Z,2011-12-30T22:00Z,2011-12-31T22:00Z")]
    public async Task Each_local_time_has_the_ticks_that_it_should(string cron, string zone, string from, string until, string expected)
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("zoned") with { Cron = cron, TimeZone = zone, Missed = MissedPolicy.All });
        await queue.Queue.SqlAsync("update {schema}.schedule set next_run = null, counts_from = $1, end_at = $2", Utc(from), Utc(until));

        await queue.FireAsync();

        Assert.Equal(expected.Split(',').Select(Utc), await queue.TicksAsync("zoned"));
        Assert.Equal(ScheduleState.Ended, (await queue.InfoAsync("zoned")).State);
    }

    private static DateTime Utc(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
}
