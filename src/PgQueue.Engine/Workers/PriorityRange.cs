namespace PgQueue;

/// <summary>Priorities from one to another, both included.</summary>
/// <param name="Lowest">The lowest.</param>
/// <param name="Highest">The highest.</param>
public readonly record struct PriorityRange(int Lowest, int Highest)
{
    /// <summary>The two numbers, or the one.</summary>
    public override string ToString() => Lowest == Highest ? $"{Lowest}" : $"{Lowest}..{Highest}";
}
