using System.Globalization;

namespace PgQueue.PowerShell;

/// <summary>Durations in few characters, for the module's views.</summary>
public static class DurationText
{
    /// <summary>The two largest parts of a duration, such as 1h30m, 5m, 1.5s, 250ms; an empty text for none.</summary>
    /// <param name="time">The duration.</param>
    public static string Of(TimeSpan? time) => time is not { } t ? "" : t switch
    {
        _ when t < TimeSpan.Zero => "-" + Of(-t),
        { TotalMilliseconds: < 1000 } => Text($"{Math.Floor(t.TotalMilliseconds)}ms"),
        { TotalMinutes: < 1 } => Text($"{Math.Floor(t.TotalSeconds * 10) / 10}s"),
        { TotalHours: < 1 } => Two(t.Minutes, "m", t.Seconds, "s"),
        { TotalDays: < 1 } => Two(t.Hours, "h", t.Minutes, "m"),
        _ => Two(t.Days, "d", t.Hours, "h"),
    };

    /// <summary>The whole duration, as a parameter takes it: 15m, 1d2h3m, 1.5s; an empty text for none.</summary>
    /// <param name="time">The duration.</param>
    public static string Exact(TimeSpan? time) => time is { } t ? ShortDuration.Of(t) : "";

    private static string Two(int large, string unit, int small, string smallUnit) =>
        small == 0 ? Text($"{large}{unit}") : Text($"{large}{unit}{small}{smallUnit}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
