using System.Data;
using Npgsql;

namespace PgQueue;

/// <summary>The notifications of tasks' ends. A task's is sent where watch_tasks has asked for it.</summary>
internal static class EndChannel
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Listens on a connection until <see cref="ReleaseAsync"/>. Behind a pooler there is nothing to listen on.</summary>
    public static async Task ListenAsync(QueueDatabase database, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (database.IsPooler)
        {
            return;
        }

        var command = new NpgsqlCommand(database.Qualify("select {schema}.listen_to({schema}.end_channel())"), connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gives a connection back to the pool, whose next user shall hear of no task.</summary>
    public static async Task ReleaseAsync(QueueDatabase database, NpgsqlConnection connection)
    {
        await using (connection.ConfigureAwait(false))
        {
            if (database.IsPooler || connection.FullState != ConnectionState.Open)
            {
                return;
            }

            using var enough = new CancellationTokenSource(Patience);
            var command = new NpgsqlCommand("unlisten *", connection);
            await using (command.ConfigureAwait(false))
            {
                try
                {
                    await command.ExecuteNonQueryAsync(enough.Token).ConfigureAwait(false);
                }
                catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
                {
                    // It is broken, or too slow to be of use to anybody: no other session gets it.
                    NpgsqlConnection.ClearPool(connection);
                }
            }
        }
    }
}
