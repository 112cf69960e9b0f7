namespace PgQueue.Bench;

/// <summary>A figure of PgQueue's, its reference's beside it where it has one, and the goal where there is one.</summary>
internal sealed class Figure
{
    private Figure(string name, string unit, Series value, string? reference, Series? referenceValue, Series? ratio, Goal? goal)
    {
        (Name, Unit, Value, Reference, ReferenceValue, Ratio, Goal) = (name, unit, value, reference, referenceValue, ratio, goal);
    }

    public string Name { get; }

    public string Unit { get; }

    public Series Value { get; }

    public string? Reference { get; }

    public Series? ReferenceValue { get; }

    /// <summary>The value by the reference's: of rates more than 1 is faster, of times less than 1.</summary>
    public Series? Ratio { get; }

    public Goal? Goal { get; }

    /// <summary>Null where there is no goal.</summary>
    public bool? IsMet => Goal?.IsMetBy(Goal.Of == GoalOf.Ratio ? Ratio!.Value : Value.Value);

    /// <summary>A figure that stands for itself.</summary>
    public static Figure Alone(string name, string unit, Series value, Goal? goal = null) => new(name, unit, value, null, null, null, goal);

    /// <summary>One of rounds: the ratio is taken in each round, and its median counts.</summary>
    public static Figure OfRounds(string name, string unit, Series value, string reference, Series referenceValue, Goal? goal = null) =>
        new(name, unit, value, reference, referenceValue, value.RatioTo(referenceValue), goal);

    /// <summary>One of many samples that don't belong together in pairs: the ratio is that of the two values.</summary>
    public static Figure OfSamples(string name, string unit, Series value, string reference, Series referenceValue, Goal? goal = null) =>
        new(name, unit, value, reference, referenceValue, new Series([value.Value / referenceValue.Value]), goal);
}
