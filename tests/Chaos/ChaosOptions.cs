namespace PgQueue.Chaos;

/// <summary>What was asked for.</summary>
/// <param name="Time">How long harm is done.</param>
/// <param name="Seed">Where chance begins.</param>
/// <param name="Keep">The ledger and the workers' logs stay.</param>
internal sealed record ChaosOptions(TimeSpan Time, int Seed, bool Keep)
{
    public const int Workers = 4;

    /// <summary>Tasks that a worker runs at once.</summary>
    public const int Concurrency = 5;

    public const int Producers = 4;
}
