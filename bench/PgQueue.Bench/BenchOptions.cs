namespace PgQueue.Bench;

/// <summary>What was asked for.</summary>
/// <param name="Json">A line of JSON per figure in place of the table.</param>
/// <param name="Quick">Less of everything: under a minute for each name, to see that it works and about where it stands.</param>
internal sealed record BenchOptions(bool Json, bool Quick)
{
    /// <summary>One amount for a whole run, another for a quick one.</summary>
    public T Pick<T>(T whole, T quick) => Quick ? quick : whole;
}
