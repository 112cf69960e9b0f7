using Npgsql;

namespace PgQueue;

/// <summary>Rows read one by one, with the database's errors worded for an admin. Holds its connection until disposed.</summary>
internal sealed class DatabaseReader(QueueDatabase database, NpgsqlConnection connection, NpgsqlCommand command, NpgsqlDataReader row)
    : IAsyncDisposable
{
    private bool _atEnd;

    public NpgsqlDataReader Row => row;

    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            _atEnd = !await row.ReadAsync(cancellationToken).ConfigureAwait(false);
            return !_atEnd;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw database.Translate(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_atEnd)
        {
            // It would fetch the rest: telling the server to stop, by a connection of its own, is cheaper.
            command.Cancel();
        }

        await row.DisposeAsync().ConfigureAwait(false);
        await command.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
