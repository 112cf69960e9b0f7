namespace PgQueue;

public sealed partial class QueueClient
{
    /// <summary>Begins a transaction: all or nothing for what is done with its <see cref="QueueTransaction.Queue"/>.</summary>
    /// <exception cref="QueueException">The server can't be reached, or this client is a transaction's already.</exception>
    public async Task<QueueTransaction> BeginAsync(CancellationToken cancellationToken = default)
    {
        Database.RefuseInTransaction("A transaction", "it can't hold another one");
        try
        {
            var connection = await PinnedConnection.OpenAsync(Database, cancellationToken).ConfigureAwait(false);
            return new QueueTransaction(new QueueClient(new QueueDatabase(Database, connection)), connection);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Database.Translate(e);
        }
    }
}
