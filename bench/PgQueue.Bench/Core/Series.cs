namespace PgQueue.Bench;

/// <summary>What was measured of one thing, again and again.</summary>
/// <param name="samples">The samples, in the order they were taken; at least one.</param>
/// <param name="part">Which of them speaks for all: 0.5 the median, 0.99 the 99th percentile.</param>
internal sealed class Series(IEnumerable<double> samples, double part = 0.5)
{
    private readonly double[] _sorted = [.. samples.Order()];

    public IReadOnlyList<double> Samples { get; } = [.. samples];

    public double Min => _sorted[0];

    public double Max => _sorted[^1];

    /// <summary>The one that speaks for all; the mean of the middle two where there is no middle one.</summary>
    public double Value => part == 0.5
        ? (_sorted[(_sorted.Length - 1) / 2] + _sorted[_sorted.Length / 2]) / 2
        : _sorted[Math.Max(0, (int)Math.Ceiling(part * _sorted.Length) - 1)];

    /// <summary>This one by another, sample by sample: what both had to bear in one round cancels out.</summary>
    public Series RatioTo(Series other) => new(Samples.Zip(other.Samples, (mine, others) => mine / others));
}
