using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace PgQueue.PowerShell;

/// <summary>Durations as people write them.</summary>
internal static partial class Duration
{
    /// <summary>
    /// The duration that a cmdlet's argument stands for; null where it is none. A bare 1.5s is a short number, 2, to
    /// PowerShell, and 5y and 1kb are numbers too; it keeps what was written beside them, and that counts.
    /// </summary>
    public static TimeSpan? FromArgument(object argument)
    {
        var value = argument is PSObject wrapped ? wrapped.BaseObject : argument;
        return argument is PSObject
            && value is IFormattable number and not TimeSpan
            && LanguagePrimitives.ConvertTo<string>(argument) is var text
            && text != number.ToString(null, CultureInfo.InvariantCulture)
                ? Parse(text.Trim())
                : From(value);
    }

    /// <summary>The duration that a value stands for; null where it is none.</summary>
    public static TimeSpan? From(object value) => value switch
    {
        TimeSpan time => time,
        string text => Parse(text.Trim()),

        // In a variable or a list, 1d is a decimal number to PowerShell, by its suffix d, and 30s a short one, by its s.
        decimal days => Of(days, "d"),
        double seconds when double.IsFinite(seconds) && Math.Abs(seconds) < 1e12 => Of((decimal)seconds, "s"),
        sbyte or byte or short or ushort or int or uint or long =>
            Of(Convert.ToDecimal(value, CultureInfo.InvariantCulture), "s"),
        _ => null,
    };

    private static TimeSpan? Parse(string text)
    {
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return Of(seconds, "s");
        }

        var match = Parts().Match(text);
        if (!match.Success)
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
        }

        var sum = TimeSpan.Zero;
        foreach (var (number, unit) in match.Groups["number"].Captures.Zip(match.Groups["unit"].Captures))
        {
            if (!decimal.TryParse(number.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                || Of(count, unit.Value) is not { } part
                || TimeSpan.MaxValue - sum < part)
            {
                return null;
            }

            sum += part;
        }

        return match.Groups["minus"].Success ? -sum : sum;
    }

    private static TimeSpan? Of(decimal count, string unit)
    {
        var one = unit.ToLowerInvariant() switch
        {
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            "h" => TimeSpan.TicksPerHour,
            "d" => TimeSpan.TicksPerDay,
            _ => 7 * TimeSpan.TicksPerDay,
        };
        return Math.Abs(count) < (decimal)long.MaxValue / one ? new TimeSpan((long)(count * one)) : null;
    }

    [GeneratedRegex(@"^(?<minus>-)?(?:(?<number>[0-9]+(?:\.[0-9]+)?)\s*(?<unit>ms|s|m|h|d|w)\s*)+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Parts();
}
