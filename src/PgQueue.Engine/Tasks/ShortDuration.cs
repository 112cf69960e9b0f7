using System.Globalization;
using System.Text;

namespace PgQueue;

/// <summary>Durations as people write them.</summary>
internal static class ShortDuration
{
    /// <summary>Every part of a duration that is not zero: 15m, 1d2h3m, 1.5s.</summary>
    public static string Of(TimeSpan time)
    {
        if (time < TimeSpan.Zero)
        {
            return "-" + Of(time.Negate());
        }

        var text = new StringBuilder();
        Add(time.Days, "d");
        Add(time.Hours, "h");
        Add(time.Minutes, "m");
        var seconds = (decimal)(time.Ticks % TimeSpan.TicksPerMinute) / TimeSpan.TicksPerSecond;
        return seconds != 0 || text.Length == 0
            ? text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#######}s").ToString()
            : text.ToString();

        void Add(int count, string unit)
        {
            if (count > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
            }
        }
    }
}
