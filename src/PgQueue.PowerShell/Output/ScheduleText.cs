using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What the views of schedules show that is no property of theirs.</summary>
public static class ScheduleText
{
    /// <summary>The rhythm as it is registered: every 15m, or the cron expression with its time zone where that is not UTC.</summary>
    /// <param name="schedule">The schedule.</param>
    public static string Rhythm(PSObject schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return schedule.Properties["Every"]?.Value is TimeSpan every ? $"every {DurationText.Exact(every)}"
            : schedule.Properties["TimeZone"]?.Value is string zone and not "UTC" ? $"{schedule.Properties["Cron"]?.Value} {zone}"
            : $"{schedule.Properties["Cron"]?.Value}";
    }
}
