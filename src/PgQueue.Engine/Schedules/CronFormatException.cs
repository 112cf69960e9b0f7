namespace PgQueue;

/// <summary>A cron expression that cannot be read. The message names the field, the value, what is allowed and the place.</summary>
public sealed class CronFormatException : FormatException
{
    private const int LongestQuote = 120;

    internal CronFormatException(string problem, string expression, string? field = null, int? position = null)
        : base($"{(field is null ? "" : field + ": ")}{problem} ({(position is null ? "in" : $"character {position} of")} '{Quote(expression)}').")
    {
        Expression = expression;
        Field = field;
        Position = position;
    }

    /// <summary>The whole expression as it was given.</summary>
    public string Expression { get; }

    /// <summary>
    /// The field at fault: second, minute, hour, day-of-month, month or day-of-week.
    /// Null where the expression as a whole is at fault, as with a wrong number of fields.
    /// </summary>
    public string? Field { get; }

    /// <summary>Where in <see cref="Expression"/> the fault begins, counted in characters from 1. Null where <see cref="Field"/> is.</summary>
    public int? Position { get; }

    /// <summary>A text cut to a length that a message can carry.</summary>
    internal static string Quote(ReadOnlySpan<char> text) =>
        text.Length <= LongestQuote ? text.ToString() : $"{text[..LongestQuote]}...";
}
