using System.Diagnostics.CodeAnalysis;

namespace PgQueue;

/// <summary>
/// A cron expression: the times at which something is to happen, by the clocks of a time zone.
/// Five fields (minute, hour, day-of-month, month, day-of-week), six with a leading second, or a macro such as @daily.
/// Immutable and safe to share. Two are equal when they match the same times, however they are written.
/// </summary>
/// <remarks>
/// Month, day-of-month and day-of-week must all match. A local time that a change of the offset skips happens at the first
/// instant after the change. One that comes twice happens the first time only, unless the text of the second, minute or
/// hour contains any of * ? - and /, which makes the expression one of intervals.
/// </remarks>
public sealed class CronExpression : IEquatable<CronExpression>
{
    private readonly string _text;
    private readonly CronPattern _pattern;

    private CronExpression(string text, CronPattern pattern) => (_text, _pattern) = (text, pattern);

    /// <summary>Reads an expression of five or six fields, told apart by their number, or a macro.</summary>
    /// <exception cref="CronFormatException">The text is not a cron expression; the message says where and why.</exception>
    public static CronExpression Parse(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        return new(expression, CronParser.Parse(expression, null));
    }

    /// <summary>Reads an expression of the given format, or a macro.</summary>
    /// <exception cref="CronFormatException">The text is not a cron expression of that format; the message says where and why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The format is not one of the enumeration's.</exception>
    public static CronExpression Parse(string expression, CronFormat format)
    {
        ArgumentNullException.ThrowIfNull(expression);
        if (!Enum.IsDefined(format))
        {
            throw new ArgumentOutOfRangeException(nameof(format), format, "Standard (5 fields) or WithSeconds (6 fields) is expected.");
        }

        return new(expression, CronParser.Parse(expression, format));
    }

    /// <summary>Reads an expression of five or six fields, told apart by their number, or a macro.</summary>
    /// <param name="expression">The text.</param>
    /// <param name="result">The expression, or null if the text is not one.</param>
    /// <param name="error">Where and why not, or null.</param>
    /// <returns>Whether the text is an expression.</returns>
    public static bool TryParse(
        [NotNullWhen(true)] string? expression, [NotNullWhen(true)] out CronExpression? result, [NotNullWhen(false)] out string? error) =>
        TryRead(expression ?? "", null, out result, out error);

    /// <summary>Reads an expression of the given format, or a macro.</summary>
    /// <param name="expression">The text.</param>
    /// <param name="format">How many fields it must have.</param>
    /// <param name="result">The expression, or null if the text is not one.</param>
    /// <param name="error">Where and why not, or null.</param>
    /// <returns>Whether the text is an expression of that format.</returns>
    public static bool TryParse(
        [NotNullWhen(true)] string? expression,
        CronFormat format,
        [NotNullWhen(true)] out CronExpression? result,
        [NotNullWhen(false)] out string? error) =>
        TryRead(expression ?? "", format, out result, out error);

    /// <summary>The first time at which the expression happens after an instant.</summary>
    /// <param name="from">The instant; fractions of a second count.</param>
    /// <param name="zone">The time zone whose clocks the expression means.</param>
    /// <param name="inclusive">Whether <paramref name="from"/> itself may be the answer.</param>
    /// <returns>The time with the zone's offset then, or null if there is none up to the end of the year 9999.</returns>
    public DateTimeOffset? GetNextOccurrence(DateTimeOffset from, TimeZoneInfo zone, bool inclusive = false)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var (instant, fraction) = Math.DivRem(from.UtcTicks, TimeSpan.TicksPerSecond);
        instant += inclusive && fraction == 0 ? 0 : 1;
        var timeline = ZoneTimeline.Of(zone);
        while (true)
        {
            // No zone shows the next match earlier than this, so years without one are never worked out.
            var next = _pattern.Next(instant - ZoneTimeline.MostOffset);
            instant = Math.Max(instant, next - ZoneTimeline.MostOffset);
            if (instant > CronPattern.LastSecond)
            {
                return null;
            }

            var year = timeline.YearOf(instant);
            if (NextIn(year, instant) is { } found)
            {
                return found;
            }

            instant = year.End;
        }
    }

    /// <summary>The times at which the expression happens after an instant, ascending, each worked out when it is asked for.</summary>
    /// <param name="from">The instant; not among the results itself.</param>
    /// <param name="zone">The time zone whose clocks the expression means.</param>
    public IEnumerable<DateTimeOffset> GetOccurrences(DateTimeOffset from, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        return Enumerate();

        IEnumerable<DateTimeOffset> Enumerate()
        {
            for (var next = GetNextOccurrence(from, zone); next is { } time; next = GetNextOccurrence(time, zone))
            {
                yield return time;
            }
        }
    }

    /// <summary>The expression as it was written.</summary>
    public override string ToString() => _text;

    /// <summary>Whether the other one matches the same times, in the same way where a local time comes twice.</summary>
    public bool Equals(CronExpression? other) => other is not null && _pattern.Equals(other._pattern);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CronExpression);

    /// <inheritdoc/>
    public override int GetHashCode() => _pattern.GetHashCode();

    private static bool TryRead(string expression, CronFormat? format, out CronExpression? result, out string? error)
    {
        try
        {
            (result, error) = (format is null ? Parse(expression) : Parse(expression, format.Value), null);
        }
        catch (CronFormatException e)
        {
            // The caller asked for the message instead.
            (result, error) = (null, e.Message);
        }

        return result is not null;
    }

    private DateTimeOffset? NextIn(ZoneYear year, long instant)
    {
        foreach (var stretch in year.Stretches)
        {
            var local = stretch.FirstAt(instant);
            if (local < stretch.To && (_pattern.IsInterval || stretch.Kind != StretchKind.Repeated))
            {
                local = _pattern.Next(local);
                if (local < stretch.To)
                {
                    return stretch.InstantOf(local);
                }
            }
        }

        return null;
    }
}
