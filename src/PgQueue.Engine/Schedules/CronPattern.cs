using System.Numerics;

namespace PgQueue;

/// <summary>
/// The local times a cron expression matches, on a calendar that knows no time zones.
/// A local time is the number of seconds from 0001-01-01T00:00:00.
/// </summary>
internal sealed class CronPattern : IEquatable<CronPattern>
{
    /// <summary>What <see cref="Next"/> answers where nothing matches before the calendar ends; later than any time.</summary>
    public const long None = long.MaxValue;

    /// <summary>9999-12-31T23:59:59.</summary>
    public static readonly long LastSecond = DateTime.MaxValue.Ticks / TimeSpan.TicksPerSecond;

    private const int SecondsPerHour = 3600;
    private const int SecondsPerDay = 24 * SecondsPerHour;
    private const int NoDay = -1;
    private const int ShortestMonth = 28;
    private const int MonthLengths = 4;

    private readonly ulong _seconds;
    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly uint _months; // None where no day of any year matches, as with February 30.
    private readonly int _firstTime;

    // Months differ only in their length and their first weekday, so all day rules come down to 28 sets of days.
    private readonly uint[] _days = new uint[MonthLengths * 7];

    public CronPattern(
        ulong seconds, ulong minutes, ulong hours, CronDayOfMonth dayOfMonth, uint months, CronDayOfWeek dayOfWeek, bool isInterval)
    {
        (_seconds, _minutes, _hours, IsInterval) = (seconds, minutes, hours, isInterval);
        _firstTime = NextTime(0);
        for (var length = ShortestMonth; length < ShortestMonth + MonthLengths; length++)
        {
            for (var weekday = 0; weekday < 7; weekday++)
            {
                _days[Index(length, weekday)] = dayOfMonth.In(length, weekday) & dayOfWeek.In(length, weekday);
            }
        }

        _months = WithMatches(months);
    }

    /// <summary>Local times that come twice are used twice.</summary>
    public bool IsInterval { get; }

    /// <summary>The days of a month of that length, bit n for day n.</summary>
    public static uint DaysUpTo(int length) => (uint)((1UL << (length + 1)) - 2);

    /// <summary>The first match at or after a local time, or <see cref="None"/>.</summary>
    public long Next(long local)
    {
        if (local > LastSecond)
        {
            return None;
        }

        var (start, second) = Math.DivRem(Math.Max(local, 0), SecondsPerDay);
        var day = NextDay((int)start);
        if (day == start)
        {
            var time = NextTime((int)second);
            if (time >= 0)
            {
                return (start * SecondsPerDay) + time;
            }

            day = NextDay((int)start + 1);
        }

        return day == NoDay ? None : ((long)day * SecondsPerDay) + _firstTime;
    }

    public bool Equals(CronPattern? other) =>
        other is not null
        && (_seconds, _minutes, _hours, _months, IsInterval) == (other._seconds, other._minutes, other._hours, other._months, other.IsInterval)
        && _days.AsSpan().SequenceEqual(other._days);

    public override bool Equals(object? obj) => Equals(obj as CronPattern);

    public override int GetHashCode() => HashCode.Combine(_seconds, _minutes, _hours, _months, IsInterval, _days[0], _days[^1]);

    private static int Index(int length, int firstWeekday) => ((length - ShortestMonth) * 7) + firstWeekday;

    /// <summary>The members of a set from one on.</summary>
    private static ulong From(ulong set, int first) => set & (ulong.MaxValue << first);

    private static int First(ulong set) => BitOperations.TrailingZeroCount(set);

    /// <summary>The first matching second of a day at or after one, or a negative number.</summary>
    private int NextTime(int second)
    {
        var (hour, rest) = Math.DivRem(second, SecondsPerHour);
        var (minute, s) = Math.DivRem(rest, 60);
        if ((_hours >> hour & 1) != 0)
        {
            var seconds = (_minutes >> minute & 1) != 0 ? From(_seconds, s) : 0;
            if (seconds != 0)
            {
                return (hour * SecondsPerHour) + (minute * 60) + First(seconds);
            }

            var minutes = From(_minutes, minute + 1);
            if (minutes != 0)
            {
                return (hour * SecondsPerHour) + (First(minutes) * 60) + First(_seconds);
            }
        }

        var hours = From(_hours, hour + 1);
        return hours == 0 ? -1 : (First(hours) * SecondsPerHour) + (First(_minutes) * 60) + First(_seconds);
    }

    /// <summary>
    /// The first matching day at or after one, counted from 0001-01-01, or <see cref="NoDay"/>. It looks at 40 years at most:
    /// each month kept in <see cref="_months"/> matches for some length and first weekday, and the rarest, a February of
    /// 29 days that begins on a given weekday, comes back after 12, 28 or 40 years.
    /// </summary>
    private int NextDay(int day)
    {
        if (day > DateOnly.MaxValue.DayNumber || _months == 0)
        {
            return NoDay;
        }

        var (year, month, dayOfMonth) = DateOnly.FromDayNumber(day);
        var days = (_months >> month & 1) != 0 ? From(DaysOf(year, month, day - dayOfMonth + 1), dayOfMonth) : 0;
        while (days == 0)
        {
            var later = From(_months, month + 1);
            if (later == 0)
            {
                year++;
                later = _months;
                if (year > DateOnly.MaxValue.Year)
                {
                    return NoDay;
                }
            }

            month = First(later);
            day = new DateOnly(year, month, 1).DayNumber;
            dayOfMonth = 1;
            days = DaysOf(year, month, day);
        }

        return day - dayOfMonth + First(days);
    }

    /// <summary>The matching days of a month, whose first day's number is given.</summary>
    private uint DaysOf(int year, int month, int firstDay) =>
        _days[Index(DateTime.DaysInMonth(year, month), (firstDay + (int)DateOnly.MinValue.DayOfWeek) % 7)];

    /// <summary>Those of the months in which some day of some year matches, so that a search for others ends at once.</summary>
    private uint WithMatches(uint months)
    {
        uint possible = 0;
        for (var month = 1; month <= 12; month++)
        {
            const int CommonYear = 2023, LeapYear = 2024;
            var shortest = DateTime.DaysInMonth(CommonYear, month);
            var longest = DateTime.DaysInMonth(LeapYear, month);
            var sets = _days.AsSpan(Index(shortest, 0)..(Index(longest, 0) + 7));
            possible |= sets.ContainsAnyExcept(0u) ? months & (1u << month) : 0;
        }

        return possible;
    }
}
