namespace PgQueue;

/// <summary>
/// The waits between tries while the database is away: 50 ms at first, each twice as long as the one before, up to two
/// seconds. They are scattered, so that not all who lost it come back at once. To be used by one at a time.
/// </summary>
internal sealed class ReconnectWait
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private TimeSpan _next = First;

    /// <summary>The wait before the next try: between a half and one and a half of what is due.</summary>
    public TimeSpan Next()
    {
        var wait = _next * (0.5 + Random.Shared.NextDouble());
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return wait;
    }

    /// <summary>The database is back: the next outage begins anew.</summary>
    public void Reset() => _next = First;
}
