using System.Diagnostics;
using System.Globalization;

namespace PgQueue.Unix;

/// <summary>A child with all that it started, as the <see cref="TreeWatch"/> knows it.</summary>
/// <param name="child">The child.</param>
/// <param name="control">The run it is of.</param>
/// <param name="processLimit">How many processes it may be; null where any number.</param>
internal sealed class WatchedTree(IChildProcess child, RunControl control, int? processLimit) : IAsyncDisposable
{
    /// <summary>After so long it is counted what an ended run has left running, and whether that is still there.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongAfter = TimeSpan.FromMinutes(1);

    private long _nextCount;
    private bool _hasEnded;

    /// <summary>The number that the child's mark ends with.</summary>
    public int Number { get; } = int.Parse(child.Mark.AsSpan(child.Mark.IndexOf('/') + 1), CultureInfo.InvariantCulture);

    public IChildProcess Child => child;

    public RunControl Control => control;

    public int? ProcessLimit => processLimit;

    public long? MemoryLimit => HasEnded ? null : control.Task.MemoryLimit;

    /// <summary>The last number that the system had given out when it was counted: the child's own before that.</summary>
    public int CountedAt { get; set; } = child.Id;

    /// <summary>How many processes it was then.</summary>
    public int Processes { get; set; } = 1;

    /// <summary>It was over its limit, and has been ended.</summary>
    public bool IsOver { get; set; }

    /// <summary>The run has ended.</summary>
    public bool HasEnded => Volatile.Read(ref _hasEnded);

    /// <summary>The run has ended, and what it left running has been counted since.</summary>
    public bool IsLeftover { get; private set; }

    /// <summary>No more watching is needed.</summary>
    public bool IsGone => IsLeftover && (Processes == 0 || IsOver || processLimit is null);

    /// <summary>Is it time to count it?</summary>
    /// <param name="lastNumber">The last number that the system gave out: how many processes it can have become.</param>
    public bool IsDue(int lastNumber) => (HasEnded && Stopwatch.GetTimestamp() > _nextCount)
        || (!IsOver && processLimit is { } limit
            && (lastNumber == 0 || lastNumber < CountedAt || lastNumber - CountedAt > limit - Processes));

    /// <summary>To be called before it is counted.</summary>
    public void BeginCount()
    {
        if (HasEnded)
        {
            (IsLeftover, _nextCount) = (true, In(LongAfter));
        }
    }

    /// <summary>The run has ended.</summary>
    public ValueTask DisposeAsync()
    {
        _nextCount = In(Aftermath);
        Volatile.Write(ref _hasEnded, true);
        return ValueTask.CompletedTask;
    }

    private static long In(TimeSpan time) => Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
}
