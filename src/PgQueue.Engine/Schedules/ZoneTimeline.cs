using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace PgQueue;

/// <summary>
/// The local times of a time zone in the order of their instants, worked out a year at a time and kept.
/// Rests on <see cref="TimeZoneInfo.GetUtcOffset(DateTime)"/> of UTC times alone, because what .NET says about local
/// times is wrong around changes of the standard offset, negative daylight saving and skipped days.
/// </summary>
internal sealed class ZoneTimeline
{
    /// <summary>No offset is further from UTC than this, in seconds.</summary>
    public const int MostOffset = 14 * 3600;

    // An offset that holds for less than this could be missed. The shortest known held for 4 days (Freetown, 1939).
    private const int Stride = 3 * 3600;

    private const int SecondsPerDay = 24 * 3600;

    // Two instants that show the same local time are at most twice the greatest offset apart.
    private const int Margin = (2 * MostOffset) + Stride;

    private static readonly ConditionalWeakTable<TimeZoneInfo, ZoneTimeline> s_timelines = [];

    private readonly TimeZoneInfo _zone;
    private readonly ConcurrentDictionary<int, ZoneYear> _years = new();

    private ZoneTimeline(TimeZoneInfo zone) => _zone = zone;

    /// <summary>The timeline of a zone; it lives as long as the zone's object.</summary>
    public static ZoneTimeline Of(TimeZoneInfo zone) => s_timelines.GetValue(zone, static z => new ZoneTimeline(z));

    /// <summary>The UTC year that an instant lies in.</summary>
    public ZoneYear YearOf(long instant) =>
        _years.GetOrAdd(
            new DateTime(instant * TimeSpan.TicksPerSecond).Year, static (year, timeline) => timeline.Survey(year), this);

    private ZoneYear Survey(int year)
    {
        var from = Seconds(new DateTime(year, 1, 1));
        var to = Seconds(new DateTime(year, 12, 31)) + SecondsPerDay;
        var periods = PeriodsBetween(from - Margin, to + Margin);
        var stretches = new List<LocalStretch>();
        for (var i = 0; i < periods.Count; i++)
        {
            if (i > 0 && periods[i].From >= from && periods[i].From < to)
            {
                AddSkipped(stretches, periods, i);
            }

            AddShown(stretches, periods[i].Within(from, to), periods[..i]);
        }

        return new ZoneYear(to, [.. stretches]);
    }

    /// <summary>Adds what the change at the start of a period went over, unless another period shows it.</summary>
    private static void AddSkipped(List<LocalStretch> stretches, List<Period> periods, int index)
    {
        var (before, after) = (periods[index - 1], periods[index]);
        foreach (var (from, to) in Cut(before.LocalTo, after.LocalFrom, periods))
        {
            if (after.LocalFrom <= CronPattern.LastSecond && !periods.Any(p => p.Shows(from)))
            {
                stretches.Add(new(StretchKind.Skipped, from, to, after.From, after.Offset));
            }
        }
    }

    /// <summary>Adds a period's local times, those apart that an earlier period shows already.</summary>
    private static void AddShown(List<LocalStretch> stretches, Period period, List<Period> earlier)
    {
        foreach (var (from, to) in Cut(period.LocalFrom, period.LocalTo, earlier))
        {
            var kind = earlier.Any(p => p.Shows(from)) ? StretchKind.Repeated : StretchKind.Shown;
            stretches.Add(new(kind, from, to, from - period.Offset, period.Offset));
        }
    }

    /// <summary>Cuts a run of local times, maybe an empty one, wherever a period begins or ends.</summary>
    private static IEnumerable<(long From, long To)> Cut(long from, long to, List<Period> periods)
    {
        if (from >= to)
        {
            return [];
        }

        var cuts = periods.SelectMany(p => new[] { p.LocalFrom, p.LocalTo }).Where(cut => cut > from && cut < to);
        long[] edges = [from, .. cuts.Distinct().Order(), to];
        return edges.Zip(edges.Skip(1));
    }

    /// <summary>The periods of one offset each that cover the instants from one to another, as far as there are instants.</summary>
    private List<Period> PeriodsBetween(long from, long to)
    {
        var at = Math.Max(from, 0);
        var last = Math.Min(to - 1, CronPattern.LastSecond);
        var periods = new List<Period> { new(at, last + 1, OffsetAt(at)) };
        while (at < last)
        {
            var next = Math.Min(at + Stride, last);
            var (begin, _, offset) = periods[^1];
            if (OffsetAt(next) != offset)
            {
                next = Change(at, next, offset);
                periods[^1] = new(begin, next, offset);
                periods.Add(new(next, last + 1, OffsetAt(next)));
            }

            at = next;
        }

        return periods;
    }

    /// <summary>The first second with another offset, between one that has the offset and one that has not.</summary>
    private long Change(long with, long without, int offset)
    {
        while (without - with > 1)
        {
            var middle = with + ((without - with) / 2);
            (with, without) = OffsetAt(middle) == offset ? (middle, without) : (with, middle);
        }

        return without;
    }

    private int OffsetAt(long instant) =>
        (int)_zone.GetUtcOffset(new DateTime(instant * TimeSpan.TicksPerSecond, DateTimeKind.Utc)).TotalSeconds;

    private static long Seconds(DateTime time) => time.Ticks / TimeSpan.TicksPerSecond;

    /// <summary>The instants from one to another, exclusive, that have the same offset.</summary>
    private readonly record struct Period(long From, long To, int Offset)
    {
        public long LocalFrom => From + Offset;

        public long LocalTo => To + Offset;

        public bool Shows(long local) => local >= LocalFrom && local < LocalTo;

        public Period Within(long from, long to) => new(Math.Max(From, from), Math.Min(To, to), Offset);
    }
}

/// <summary>The local times of one UTC year in a zone.</summary>
/// <param name="End">The first second of the next UTC year.</param>
/// <param name="Stretches">All local times in the order of their instants.</param>
internal sealed record ZoneYear(long End, LocalStretch[] Stretches);
