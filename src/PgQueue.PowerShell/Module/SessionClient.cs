using System.Diagnostics;

namespace PgQueue.PowerShell;

/// <summary>A client that a session keeps, and what is known of it.</summary>
internal sealed class SessionClient(QueueClient queue)
{
    // Cmdlets in a loop must not each pay for a look; nor does a server restart faster than this.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(200);

    private long _lastUse = Stopwatch.GetTimestamp();

    public QueueClient Queue { get; } = queue;

    /// <summary>The schema is the one that this module needs.</summary>
    public bool SchemaIsChecked { get; set; }

    /// <summary>All that is done with it belongs to one transaction.</summary>
    public bool InTransaction { get; init; }

    /// <summary>True where the server may have closed the pooled connections since the last use, which is now.</summary>
    public bool MayBeStale()
    {
        var last = Interlocked.Exchange(ref _lastUse, Stopwatch.GetTimestamp());
        return !InTransaction && Stopwatch.GetElapsedTime(last) > Fresh;
    }

    public void Close() => Queue.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
