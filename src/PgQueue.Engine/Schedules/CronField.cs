using System.Text;

namespace PgQueue;

/// <summary>What one field of a cron expression may hold.</summary>
/// <param name="name">The field's name in messages.</param>
/// <param name="min">The least value.</param>
/// <param name="max">The greatest value, which is the greatest step too.</param>
/// <param name="cycle">After how many values a wrapping range begins again.</param>
/// <param name="names">The names of the values from <paramref name="min"/> on, three letters each.</param>
/// <param name="alone">The forms that stand alone in the field, for messages.</param>
internal sealed class CronField(string name, int min, int max, int cycle, string[]? names = null, string? alone = null)
{
    public static readonly CronField Second = new("second", 0, 59, 60);
    public static readonly CronField Minute = new("minute", 0, 59, 60);
    public static readonly CronField Hour = new("hour", 0, 23, 24);
    public static readonly CronField DayOfMonth = new("day-of-month", 1, 31, 31, alone: "L, L-3, LW, L-3W or 15W");
    public static readonly CronField Month = new(
        "month", 1, 12, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);

    // Both 0 and 7 are Sunday, so the values are one more than the days.
    public static readonly CronField DayOfWeek = new(
        "day-of-week", 0, 7, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], "5L or 5#2");

    private readonly string[] _names = names ?? [];

    public string Name => name;

    public int Min => min;

    public int Max => max;

    public int Cycle => cycle;

    /// <summary>The range of values in words.</summary>
    public string Values => _names.Length == 0 ? $"{min} to {max}" : $"{min} to {max} or {_names[0]} to {_names[^1]}";

    /// <summary>Everything the field takes, in words.</summary>
    public string Grammar =>
        $"allowed are *, */2, or {Values} as in 1, 1-5, 1-5/2, 1/2 and lists of these{(alone is null ? "" : $", or alone in the field {alone}")}";

    /// <summary>The value of a name in any case of ASCII letters, or null.</summary>
    public int? ValueOf(ReadOnlySpan<char> word)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            if (Ascii.EqualsIgnoreCase(word, _names[i]))
            {
                return min + i;
            }
        }

        return null;
    }
}
