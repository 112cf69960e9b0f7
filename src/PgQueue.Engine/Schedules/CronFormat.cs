namespace PgQueue;

/// <summary>How many fields a cron expression has. A macro such as @daily is accepted in both.</summary>
public enum CronFormat
{
    /// <summary>Five: minute, hour, day-of-month, month, day-of-week. The second is 0.</summary>
    Standard = 5,

    /// <summary>Six: a leading second, then the five of <see cref="Standard"/>.</summary>
    WithSeconds = 6,
}
