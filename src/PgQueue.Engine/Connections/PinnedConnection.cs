using System.Data;
using Npgsql;

namespace PgQueue;

/// <summary>
/// One connection with an open transaction on it, for callers who take turns. Each call has a savepoint: one that is
/// refused leaves the transaction as it was.
/// </summary>
internal sealed class PinnedConnection : IAsyncDisposable
{
    private const string Savepoint = "pgqueue_call";
    private static readonly TimeSpan CleanUpLimit = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly QueueDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private QueueException? _lost;

    private PinnedConnection(QueueDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        _database = database;
        _connection = connection;
        _transaction = transaction;
    }

    public QueueTransactionState State { get; private set; }

    public static async Task<PinnedConnection> OpenAsync(QueueDatabase database, CancellationToken cancellationToken)
    {
        try
        {
            return await BeginAsync(database, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DatabaseErrors.Translate(e, database.Server, database.Schema)?.Error == QueueError.ConnectionLost)
        {
            // A pooled connection that broke while nobody used it; nothing has been done on it.
            database.ClosePooled();
            return await BeginAsync(database, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            RequireOpen();
            await _transaction.SaveAsync(Savepoint, cancellationToken).ConfigureAwait(false);
            var result = await work(_connection).ConfigureAwait(false);
            await WithinLimitAsync(token => _transaction.ReleaseAsync(Savepoint, token)).ConfigureAwait(false);
            return result;
        }
        catch (Exception e) when (State == QueueTransactionState.Open)
        {
            if (!await TryUndoCallAsync(e).ConfigureAwait(false) && e is not OperationCanceledException)
            {
                throw _lost!;
            }

            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        // Tells a connection that broke before the commit, of which nothing is there, from one that breaks in it.
        await RunAsync(_ => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            RequireOpen();

            // Not to be canceled: whether it is there would be left open.
            await _transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            State = QueueTransactionState.Committed;
            await CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (State == QueueTransactionState.Open)
        {
            var answered = e is PostgresException && _connection.FullState == ConnectionState.Open;
            State = answered ? QueueTransactionState.RolledBack : QueueTransactionState.Lost;
            _lost = DatabaseErrors.Translate(e, _database.Server, _database.Schema);
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task RollbackAsync()
    {
        using var limit = new CancellationTokenSource(CleanUpLimit);
        await _turn.WaitAsync(limit.Token).ConfigureAwait(false);
        try
        {
            RequireOpen();
            await EndAsync(limit.Token).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (State == QueueTransactionState.Open)
        {
            await RollbackAsync().ConfigureAwait(false);
        }
    }

    private static async Task<PinnedConnection> BeginAsync(QueueDatabase database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);

            // Npgsql sends BEGIN with the first statement only.
            var command = new NpgsqlCommand("select 1", connection, transaction);
            await using (command.ConfigureAwait(false))
            {
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            return new PinnedConnection(database, connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void RequireOpen()
    {
        if (State == QueueTransactionState.Lost)
        {
            throw _lost ?? Lost(null);
        }

        if (State != QueueTransactionState.Open)
        {
            var end = State == QueueTransactionState.Committed ? "committed" : "rolled back";
            throw new QueueException(QueueError.TransactionOver, $"The transaction has been {end} already: nothing more can be done in it. Begin another one.");
        }
    }

    private async Task<bool> TryUndoCallAsync(Exception error)
    {
        try
        {
            await WithinLimitAsync(token => _transaction.RollbackAsync(Savepoint, token)).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or OperationCanceledException or IOException)
        {
            // The connection is gone, and the transaction with it; the first error says why.
            _lost = Lost(error);
            State = QueueTransactionState.Lost;
            await CloseAsync().ConfigureAwait(false);
            return false;
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        State = QueueTransactionState.RolledBack;
        try
        {
            await _transaction.RollbackAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or OperationCanceledException or IOException)
        {
            // Without a connection the server has rolled it back already, or does so when it notices.
        }
        finally
        {
            await CloseAsync().ConfigureAwait(false);
        }
    }

    private async Task CloseAsync()
    {
        await _transaction.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private QueueException Lost(Exception? cause) => new(
        QueueError.ConnectionLost,
        $"The connection to {_database.Server} broke{(cause is null ? "" : $": {(cause as PostgresException)?.MessageText ?? cause.Message}")}, and the server rolled the transaction back: nothing of it was done. Begin it again.",
        cause);

    private static async Task WithinLimitAsync(Func<CancellationToken, Task> work)
    {
        using var limit = new CancellationTokenSource(CleanUpLimit);
        await work(limit.Token).ConfigureAwait(false);
    }
}
