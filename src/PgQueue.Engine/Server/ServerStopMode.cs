namespace PgQueue;

/// <summary>How an embedded server is told to stop.</summary>
public enum ServerStopMode
{
    /// <summary>Waits until every client has disconnected by itself.</summary>
    Smart,

    /// <summary>Rolls back open transactions, disconnects the clients and shuts down cleanly.</summary>
    Fast,

    /// <summary>Ends all its processes at once; the next start recovers from the write-ahead log.</summary>
    Immediate,
}
