namespace PgQueue;

/// <summary>The ticks of a schedule.</summary>
internal abstract class Rhythm
{
    /// <exception cref="QueueException">The expression or the time zone can't be read.</exception>
    public static Rhythm OfCron(string cron, string timeZone)
    {
        try
        {
            return new CronRhythm(CronExpression.Parse(cron), TimeZones.Find(timeZone));
        }
        catch (CronFormatException e)
        {
            throw new QueueException(QueueError.InvalidCron, e.Message, e);
        }
    }

    public static Rhythm OfInterval(TimeSpan every, DateTimeOffset anchor) => new IntervalRhythm(every, anchor);

    /// <summary>The first tick after an instant; null where there is none.</summary>
    public abstract DateTimeOffset? After(DateTimeOffset instant);

    /// <summary>The newest ticks after an instant, up to and including another one, ascending.</summary>
    public abstract IReadOnlyList<DateTimeOffset> Newest(int count, DateTimeOffset after, DateTimeOffset until);

    /// <summary>How many ticks there are after an instant and before another one; counting may stop at a number.</summary>
    public abstract long Count(DateTimeOffset after, DateTimeOffset before, int enough);

    private sealed class IntervalRhythm(TimeSpan every, DateTimeOffset anchor) : Rhythm
    {
        public override DateTimeOffset? After(DateTimeOffset instant)
        {
            var ticks = (Int128)anchor.UtcTicks + ((Int128)every.Ticks * (Number(instant) + 1));
            return ticks > DateTimeOffset.MaxValue.UtcTicks ? null : new DateTimeOffset((long)ticks, TimeSpan.Zero);
        }

        public override IReadOnlyList<DateTimeOffset> Newest(int count, DateTimeOffset after, DateTimeOffset until)
        {
            var found = Math.Clamp(Number(until) - Number(after), 0, count);
            var last = anchor.UtcTicks + (every.Ticks * Number(until));
            return [.. Enumerable.Range(1, (int)found).Select(n => new DateTimeOffset(last - (every.Ticks * (found - n)), TimeSpan.Zero))];
        }

        public override long Count(DateTimeOffset after, DateTimeOffset before, int enough) =>
            Math.Max(0, Number(before.AddTicks(-1)) - Number(after));

        /// <summary>The number of the last tick up to an instant, counted from the anchor, which is 0.</summary>
        private long Number(DateTimeOffset instant) => FloorDiv(instant.UtcTicks - anchor.UtcTicks, every.Ticks);

        private static long FloorDiv(long a, long b) => (a / b) - (a % b < 0 ? 1 : 0);
    }

    private sealed class CronRhythm(CronExpression cron, TimeZoneInfo zone) : Rhythm
    {
        private static readonly TimeSpan FirstLookBack = TimeSpan.FromMinutes(1);

        public override DateTimeOffset? After(DateTimeOffset instant) => cron.GetNextOccurrence(instant, zone)?.ToUniversalTime();

        /// <summary>A year of seconds has many ticks: looks back a little, and further only where that was not enough.</summary>
        public override IReadOnlyList<DateTimeOffset> Newest(int count, DateTimeOffset after, DateTimeOffset until)
        {
            for (var back = FirstLookBack; ; back *= 2)
            {
                var isAll = until - after <= back;
                var found = cron.GetOccurrences(isAll ? after : until - back, zone).TakeWhile(t => t <= until).TakeLast(count).ToList();
                if (isAll || found.Count == count)
                {
                    return [.. found.Select(t => t.ToUniversalTime())];
                }
            }
        }

        public override long Count(DateTimeOffset after, DateTimeOffset before, int enough) =>
            cron.GetOccurrences(after, zone).TakeWhile(t => t < before).Take(enough).Count();
    }
}
