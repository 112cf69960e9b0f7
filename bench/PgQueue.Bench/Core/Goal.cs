using System.Globalization;

namespace PgQueue.Bench;

/// <summary>What a figure must reach.</summary>
/// <param name="Of">Its value, or its ratio to the reference.</param>
/// <param name="AtLeast">The limit is the least that will do; the most where false.</param>
/// <param name="Limit">The limit, in the figure's unit or as a ratio.</param>
internal sealed record Goal(GoalOf Of, bool AtLeast, double Limit)
{
    public static Goal RatioAtLeast(double limit) => new(GoalOf.Ratio, true, limit);

    public static Goal ValueAtMost(double limit) => new(GoalOf.Value, false, limit);

    public bool IsMetBy(double value) => AtLeast ? value >= Limit : value <= Limit;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(Of == GoalOf.Ratio ? "ratio" : "value")} {(AtLeast ? ">=" : "<=")} {Limit}");
}

/// <summary>What a goal speaks of.</summary>
internal enum GoalOf
{
    Value,
    Ratio,
}
