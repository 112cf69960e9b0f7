using System.Collections.Concurrent;

namespace PgQueue.Chaos;

/// <summary>What is known of a task from the outside: what was asked for.</summary>
/// <param name="Kind">A word for the report.</param>
internal sealed record Booking(string Kind)
{
    /// <summary>The first attempts that fail.</summary>
    public int Failing { get; init; }

    /// <summary>By what it calls itself in the ledger, where it does not know its number.</summary>
    public string? Key { get; init; }

    /// <summary>Those that must have completed before it starts.</summary>
    public IReadOnlyList<long> After { get; init; } = [];

    /// <summary>Those that must have ended before it starts.</summary>
    public IReadOnlyList<long> AfterAny { get; init; } = [];
}

/// <summary>Every task that was accepted, and how often nobody can know whether one was.</summary>
internal sealed class Book
{
    private readonly ConcurrentDictionary<long, Booking> _accepted = new();
    private readonly ConcurrentDictionary<long, bool> _canceled = new();
    private int _unsure;
    private int _proven;

    public IReadOnlyDictionary<long, Booking> Accepted => _accepted;

    public ICollection<long> Canceled => _canceled.Keys;

    /// <summary>Calls whose answer was lost and that had no client id.</summary>
    public int Unsure => _unsure;

    /// <summary>Calls whose answer was lost and that turned out to have been done, by their client id.</summary>
    public int Proven => _proven;

    public void Accept(long id, Booking booking) => _accepted[id] = booking;

    public void Cancel(long id) => _canceled[id] = true;

    public void CountUnsure() => Interlocked.Increment(ref _unsure);

    public void CountProven() => Interlocked.Increment(ref _proven);
}
