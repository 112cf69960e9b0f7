using System.Numerics;

namespace PgQueue;

/// <summary>The day-of-month field: a set of days, or one day counted from either end and maybe moved to a weekday.</summary>
/// <param name="Days">The days, bit n for day n; none where the day is counted from the end.</param>
/// <param name="BeforeLast">How many days before the month's last one, or null.</param>
/// <param name="NearestWeekday">The one day means the weekday (Monday to Friday) nearest to it in the same month.</param>
internal readonly record struct CronDayOfMonth(uint Days, int? BeforeLast, bool NearestWeekday)
{
    private const int Sunday = 0;
    private const int Saturday = 6;
    private const int MostBeforeLast = 30;

    public static CronDayOfMonth Read(CronFieldReader reader)
    {
        if (reader.Take('L'))
        {
            var before = reader.Take('-') ? reader.ReadNumber(0, MostBeforeLast, "days before the last ") : 0;
            var weekday = reader.Take('W');
            reader.ExpectEnd();
            return new(0, before, weekday);
        }

        if (reader.Rest is [.., 'W' or 'w'])
        {
            var day = reader.ReadValue();
            reader.Expect('W');
            reader.ExpectEnd();
            return new(1u << day, null, true);
        }

        return new((uint)reader.ReadSet(), null, false);
    }

    /// <summary>The matching days of a month, bit n for day n.</summary>
    /// <param name="length">The month's number of days.</param>
    /// <param name="firstWeekday">The weekday of its first day; Sunday is 0.</param>
    public uint In(int length, int firstWeekday)
    {
        var days = BeforeLast is { } before
            ? length > before ? 1u << (length - before) : 0
            : Days & CronPattern.DaysUpTo(length);
        return NearestWeekday && days != 0
            ? 1u << Nearest(BitOperations.TrailingZeroCount(days), length, firstWeekday)
            : days;
    }

    private static int Nearest(int day, int length, int firstWeekday) => ((firstWeekday + day - 1) % 7) switch
    {
        Saturday => day == 1 ? 3 : day - 1,
        Sunday => day == length ? day - 2 : day + 1,
        _ => day,
    };
}
