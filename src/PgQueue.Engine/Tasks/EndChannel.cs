using Npgsql;

namespace PgQueue;

/// <summary>The notifications of tasks' ends. A task's is sent where watch_tasks has asked for it.</summary>
internal static class EndChannel
{
    /// <summary>
    /// Listens on a connection until it goes back to the pool, which forgets it. Behind a pooler there is nothing to listen
    /// on.
    /// </summary>
    public static async Task ListenAsync(QueueDatabase database, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (database.IsPooler)
        {
            return;
        }

        var command = new NpgsqlCommand($"select {database.QuotedSchema}.end_channel()", connection);
        await using (command.ConfigureAwait(false))
        {
            var channel = (string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
            command.CommandText = $"listen {SchemaName.Quote(channel)}";
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
