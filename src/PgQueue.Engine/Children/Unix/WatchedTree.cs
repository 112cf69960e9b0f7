using System.Diagnostics;
using System.Globalization;

namespace PgQueue.Unix;

/// <summary>A child with all that it started, as the <see cref="TreeWatch"/> knows it.</summary>
/// <param name="child">The child.</param>
/// <param name="control">The run it is of.</param>
/// <param name="processLimit">How many processes it may be; null where any number.</param>
internal sealed class WatchedTree(IChildProcess child, RunControl control, int? processLimit) : IAsyncDisposable
{
    private long _endedAt;

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

    /// <summary>What its run left behind was counted.</summary>
    public bool IsCountedSinceItsEnd { get; set; }

    /// <summary>The run has ended.</summary>
    public bool HasEnded => Volatile.Read(ref _endedAt) != 0;

    /// <summary>For how long; zero while it runs.</summary>
    public TimeSpan EndedFor => HasEnded ? Stopwatch.GetElapsedTime(Volatile.Read(ref _endedAt)) : TimeSpan.Zero;

    /// <summary>Can it be over its process limit, when this is the last number that the system gave out?</summary>
    public bool MayBeOver(int lastNumber) =>
        lastNumber == 0 || lastNumber < CountedAt || lastNumber - CountedAt > processLimit - Processes;

    /// <summary>The run has ended.</summary>
    public ValueTask DisposeAsync()
    {
        Volatile.Write(ref _endedAt, Stopwatch.GetTimestamp());
        return ValueTask.CompletedTask;
    }
}
