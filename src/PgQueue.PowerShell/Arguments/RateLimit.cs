namespace PgQueue.PowerShell;

/// <summary>How many tasks start in a period at the most: 10/s, 100/m, 500/15m.</summary>
public sealed class RateLimit
{
    internal RateLimit(int count, TimeSpan period) => (Count, Period) = (count, period);

    /// <summary>Tasks.</summary>
    public int Count { get; }

    /// <summary>The period.</summary>
    public TimeSpan Period { get; }

    /// <summary>As it is written.</summary>
    public override string ToString() => Text(Count, Period);

    /// <summary>A rate as it is written; an empty text where there is none.</summary>
    /// <param name="count">Tasks.</param>
    /// <param name="period">The period.</param>
    public static string Text(int? count, TimeSpan? period) => count is null || period is null ? "" : DurationText.Of(period) switch
    {
        ['1', .. var unit] when unit.All(char.IsAsciiLetter) => $"{count}/{unit}",
        var time => $"{count}/{time}",
    };
}
