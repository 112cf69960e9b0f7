namespace PgQueue;

/// <summary>The day-of-week field: a set of weekdays, or the k-th or last of one weekday in the month.</summary>
/// <param name="Weekdays">The weekdays; bit 0 is Sunday.</param>
/// <param name="Occurrence">Which one of the month: 1 to 5, <see cref="Last"/>, or <see cref="All"/>.</param>
internal readonly record struct CronDayOfWeek(uint Weekdays, int Occurrence)
{
    public const int All = 0;
    public const int Last = -1;

    private const int MostInMonth = 5;
    private const uint FirstDay = 1u << 1;

    public static CronDayOfWeek Read(CronFieldReader reader)
    {
        if (reader.Rest is [.., 'L' or 'l'])
        {
            var weekday = reader.ReadValue();
            reader.Expect('L');
            reader.ExpectEnd();
            return new(Fold(1u << weekday), Last);
        }

        if (reader.Rest.Contains('#'))
        {
            var weekday = reader.ReadValue();
            reader.Expect('#');
            var occurrence = reader.ReadNumber(1, MostInMonth, "occurrence in the month ");
            reader.ExpectEnd();
            return new(Fold(1u << weekday), occurrence);
        }

        return new(Fold((uint)reader.ReadSet()), All);
    }

    /// <summary>The matching days of a month, bit n for day n.</summary>
    /// <param name="length">The month's number of days.</param>
    /// <param name="firstWeekday">The weekday of its first day; Sunday is 0.</param>
    public uint In(int length, int firstWeekday)
    {
        uint days = 0;
        for (var day = 1; day <= length; day++)
        {
            var matches = (Weekdays >> ((firstWeekday + day - 1) % 7) & 1) != 0 && Occurrence switch
            {
                All => true,
                Last => day + 7 > length,
                _ => (day - 1) / 7 == Occurrence - 1,
            };
            days |= matches ? FirstDay << (day - 1) : 0;
        }

        return days;
    }

    /// <summary>Reads 7 as Sunday.</summary>
    private static uint Fold(uint weekdays) => (weekdays | weekdays >> 7) & 0x7F;
}
