using Npgsql;

namespace PgQueue;

/// <summary>Rows read one by one, with the database's errors worded for an admin. Holds its connection until disposed.</summary>
internal sealed class DatabaseReader(QueueDatabase database, NpgsqlConnection connection, NpgsqlCommand command, NpgsqlDataReader row)
    : IAsyncDisposable
{
    public NpgsqlDataReader Row => row;

    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw database.Translate(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A reader left half-way would fetch the rest: telling the server to stop is cheaper.
        command.Cancel();
        await row.DisposeAsync().ConfigureAwait(false);
        await command.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
