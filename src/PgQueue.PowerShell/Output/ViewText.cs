using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Short texts for the module's views.</summary>
public static class ViewText
{
    private const double Kilo = 1024;

    private static readonly string[] Sizes = ["B", "KB", "MB", "GB", "TB"];

    /// <summary>How long ago a time was, in three characters at the most, such as 3m or 12d; an empty text for none.</summary>
    /// <param name="time">The time, local; one that is still to come counts as now.</param>
    public static string Age(DateTime? time) => time is { } at ? Short(DateTime.Now - at) : "";

    /// <summary>A time in the culture's form, with how far away it is: 11/21/2026 10:46:44 (3m ago).</summary>
    /// <param name="time">The time, local.</param>
    public static string Moment(DateTime? time)
    {
        if (time is not { } at)
        {
            return "";
        }

        var ahead = at - DateTime.Now;
        var distance = ahead > TimeSpan.Zero ? $"in {Short(ahead)}" : $"{Short(-ahead)} ago";
        return $"{at.ToString(CultureInfo.CurrentCulture)} ({distance})";
    }

    /// <summary>The first line that is not empty of what an object says of itself; an empty text for none.</summary>
    /// <param name="item">The object.</param>
    public static string Line(PSObject? item) =>
        PlainText.Of(item?.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "");

    /// <summary>A number of bytes in the largest unit that leaves a number of one or more, such as 140 MB.</summary>
    /// <param name="bytes">The bytes.</param>
    public static string Size(long? bytes)
    {
        if (bytes is not { } number)
        {
            return "";
        }

        var unit = number == 0 ? 0 : Math.Min((int)Math.Log(Math.Abs((double)number), Kilo), Sizes.Length - 1);
        return string.Create(CultureInfo.CurrentCulture, $"{number / Math.Pow(Kilo, unit):0.#} {Sizes[unit]}");
    }

    /// <summary>A word that says how something stands, in the colour of its meaning.</summary>
    /// <param name="word">The word: a state, or how a task ended.</param>
    /// <param name="style">The session's <c>$PSStyle</c>.</param>
    public static string State(PSObject? word, PSObject? style) => StateColor.Paint(word?.ToString() ?? "", style);

    /// <summary>One unit only: 59s, 59m, 47h, 99d, 99w, 9y.</summary>
    internal static string Short(TimeSpan time) => time switch
    {
        _ when time < TimeSpan.Zero => "0s",
        { TotalMinutes: < 1 } => $"{time.Seconds}s",
        { TotalHours: < 1 } => $"{time.Minutes}m",
        { TotalDays: < 2 } => $"{(int)time.TotalHours}h",
        { Days: < 100 } => $"{time.Days}d",
        { Days: < 700 } => $"{time.Days / 7}w",
        _ => $"{time.Days / 365}y",
    };
}
