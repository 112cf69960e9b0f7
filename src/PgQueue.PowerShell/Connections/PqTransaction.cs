namespace PgQueue.PowerShell;

/// <summary>
/// A connection with a transaction: cmdlets that get it as -Connection do what they do in it, all or nothing. Rolled back
/// when it is disposed of, or its connection is closed, and was not committed.
/// </summary>
public sealed class PqTransaction : PqConnection, IDisposable
{
    private readonly QueueTransaction _transaction;

    internal PqTransaction(PqConnection connection, QueueTransaction transaction)
        : base(connection)
    {
        _transaction = transaction;
        Client = new SessionClient(transaction.Queue) { InTransaction = true };
    }

    /// <summary>Open, Committed, RolledBack, or Lost with its connection.</summary>
    public QueueTransactionState State => _transaction.State;

    internal SessionClient Client { get; }

    /// <summary>Makes all that was done in it visible at once.</summary>
    /// <exception cref="QueueException">The connection broke, or the transaction is over.</exception>
    public void Commit() => _transaction.CommitAsync().GetAwaiter().GetResult();

    /// <summary>Makes all that was done in it as if it had never been.</summary>
    /// <exception cref="QueueException">The transaction is over.</exception>
    public void Rollback() => _transaction.RollbackAsync().GetAwaiter().GetResult();

    /// <summary>Rolls back what was not committed.</summary>
    public void Dispose() => _transaction.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Where it leads, in one line.</summary>
    public override string ToString() => $"{base.ToString()}, in a transaction";
}
