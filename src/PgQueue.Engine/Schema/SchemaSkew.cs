using Npgsql;

namespace PgQueue;

/// <summary>Schema and program of different versions: told apart from other errors, and worded.</summary>
internal static class SchemaSkew
{
    public static QueueException TooNew(string schema, int found, int known) => new(
        QueueError.SchemaTooNew,
        $"The schema \"{schema}\" has version {found}, this module knows up to {known}. Update the PgQueue module on this machine.");

    public static QueueException TooOld(string schema, int found, int needed) => new(
        QueueError.SchemaTooOld,
        $"The schema \"{schema}\" has version {found}, this module needs {needed}. Bring it up to date with Install-PqSchema.");

    /// <summary>What a statement names is not there, or not as it was: that may be another version's schema.</summary>
    public static bool IsPossible(Exception error) => error is PostgresException
    {
        SqlState: PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn
            or PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.AmbiguousFunction or PostgresErrorCodes.FeatureNotSupported
    };

    /// <summary>The error for a caller who had checked the schema, and whose statement it no longer fits.</summary>
    /// <returns>Null where the schema is the one that this module needs, or is not there.</returns>
    public static async Task<QueueException?> ExplainAsync(QueueDatabase database, Exception error)
    {
        if (!IsPossible(error) || await FindAsync(database).ConfigureAwait(false) is not { } found || found.Latest <= Migration.Latest)
        {
            return null;
        }

        return new QueueException(
            QueueError.SchemaTooNew,
            $"The schema \"{database.Schema}\" was upgraded to version {found.Latest} in the meantime; this module knows up to {Migration.Latest}. Update the PgQueue module on this machine and begin a new session.",
            error);
    }

    /// <returns>Null where there is no queue in the schema, or no answer.</returns>
    public static async Task<SchemaVersion?> FindAsync(QueueDatabase database)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            // A connection of its own: the caller's may be in the transaction that failed.
            var connection = await database.OpenAsync(limit.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return await SchemaVersion.ReadAsync(database, connection, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            return null; // The error that was to be explained stands as it is.
        }
    }
}
