using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The transactions of a session: those of Use-PqTransaction, by their connection, and those that scripts hold.</summary>
internal sealed partial class Session
{
    private readonly Dictionary<(string ConnectionString, string Schema), TransactionBlock> _blocks = [];
    private readonly List<PqTransaction> _held = [];

    /// <summary>The transaction in which cmdlets use a connection now; null where there is none.</summary>
    public TransactionBlock? Block(PqConnection connection)
    {
        lock (_gate)
        {
            return _blocks.GetValueOrDefault(Key(connection));
        }
    }

    /// <summary>From now on cmdlets use a connection in a transaction.</summary>
    public void Enter(PqConnection connection, TransactionBlock block)
    {
        lock (_gate)
        {
            _blocks.Add(Key(connection), block);
        }
    }

    /// <summary>Cmdlets use a connection as usual again.</summary>
    public void Leave(PqConnection connection)
    {
        lock (_gate)
        {
            _blocks.Remove(Key(connection));
        }
    }

    /// <summary>A transaction that its caller ends.</summary>
    public PqTransaction Begin(PqConnection connection)
    {
        var transaction = new PqTransaction(connection, Client(connection).Queue.BeginAsync().GetAwaiter().GetResult());
        lock (_gate)
        {
            _held.RemoveAll(t => t.State != QueueTransactionState.Open);
            _held.Add(transaction);
        }

        return transaction;
    }

    private void RefuseInBlock(PqConnection connection)
    {
        if (Block(connection) is not null)
        {
            throw CmdletException.Of(
                nameof(QueueError.NotInTransaction), ErrorCategory.InvalidOperation,
                $"The connection to {connection} can't be closed or made anew inside Use-PqTransaction. Do it before or after it.", connection);
        }
    }

    private void EndTransactions(Predicate<PqTransaction> which)
    {
        foreach (var transaction in _held.FindAll(which))
        {
            transaction.Dispose();
        }

        _held.RemoveAll(which);
    }
}
