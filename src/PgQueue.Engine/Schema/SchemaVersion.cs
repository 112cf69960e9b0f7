using Npgsql;

namespace PgQueue;

/// <summary>How far a schema has come.</summary>
/// <param name="Latest">The last migration applied; 0 where none is.</param>
/// <param name="Needed">The last one that a worker must know to go on.</param>
internal readonly record struct SchemaVersion(int Latest, int Needed)
{
    /// <summary>True where workers that know the schema up to a version may not go on.</summary>
    public bool Excludes(int known) => Needed > known;

    /// <returns>Null where there is no queue in the schema.</returns>
    public static async Task<SchemaVersion?> ReadAsync(
        QueueDatabase database, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var exists = new NpgsqlCommand("select to_regclass($1) is not null", connection);
        await using (exists.ConfigureAwait(false))
        {
            exists.Parameters.Add(new() { Value = database.QuotedSchema + ".migration" });
            if (await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
            {
                return null;
            }
        }

        var command = new NpgsqlCommand(database.Sql("Schema/version.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                await row.ReadAsync(cancellationToken).ConfigureAwait(false);
                return new(row.GetInt32(0), row.GetInt32(1));
            }
        }
    }
}
