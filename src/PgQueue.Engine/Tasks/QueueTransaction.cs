namespace PgQueue;

/// <summary>Where a transaction stands.</summary>
public enum QueueTransactionState : long
{
    /// <summary>What is done in it can be seen by nobody else yet.</summary>
    Open,

    /// <summary>All that was done in it is there.</summary>
    Committed,

    /// <summary>Nothing that was done in it is there.</summary>
    RolledBack,

    /// <summary>Its connection broke. Nothing of it is there, unless it broke in the middle of the commit.</summary>
    Lost,
}

/// <summary>
/// All or nothing for a number of calls. Rolled back when it is disposed of and was not committed. A call that fails
/// changes nothing and leaves the others as they are.
/// </summary>
public sealed class QueueTransaction : IAsyncDisposable
{
    private readonly PinnedConnection _connection;

    internal QueueTransaction(QueueClient queue, PinnedConnection connection)
    {
        Queue = queue;
        _connection = connection;
    }

    /// <summary>
    /// The queue within the transaction. Calls take turns on one connection; what a query finds is read to its end
    /// before the first of it is returned. It can't wait for tasks nor change the schema.
    /// </summary>
    public QueueClient Queue { get; }

    /// <summary>Where it stands.</summary>
    public QueueTransactionState State => _connection.State;

    /// <summary>Makes all that was done in it visible at once.</summary>
    /// <exception cref="QueueException">The connection broke, or the transaction is over.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _connection.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Queue.Database.Translate(e);
        }
    }

    /// <summary>Makes all that was done in it as if it had never been.</summary>
    /// <exception cref="QueueException">The transaction is over.</exception>
    public Task RollbackAsync() => _connection.RollbackAsync();

    /// <summary>Rolls back what was not committed.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
