using System.Diagnostics;
using Npgsql;

namespace PgQueue;

/// <summary>
/// Brings a schema to this module's version, one transaction in all, under an advisory lock: however many install at
/// once, and wherever one is interrupted, the schema is either as it was or complete. Workers and clients may be at work.
/// </summary>
/// <param name="database">Where the schema is.</param>
/// <param name="migrations">The steps to the newest version; this module's where null.</param>
/// <param name="patience">How long to try where somebody keeps the tables locked; a minute where null.</param>
internal sealed class SchemaInstaller(QueueDatabase database, IReadOnlyList<Migration>? migrations = null, TimeSpan? patience = null)
{
    private const int OldestServer = 13;

    /// <summary>
    /// How long a migration waits for a lock: whoever comes after it waits as well. Less than the time after which
    /// PostgreSQL looks for deadlocks, so that it is always the migration that gives way.
    /// </summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two tries, for those who came after it.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    private readonly IReadOnlyList<Migration> _migrations = migrations ?? Migration.All;
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromMinutes(1);

    private int Latest => _migrations[^1].Version;

    public Task<SchemaStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        database.RunAsync(
            async connection => Status(connection, await SchemaVersion.ReadAsync(database, connection, cancellationToken).ConfigureAwait(false)),
            cancellationToken);

    /// <returns>The migrations applied; none where the schema was up to date.</returns>
    /// <exception cref="QueueException">Among others: the tables were never free for a moment.</exception>
    public Task<IReadOnlyList<Migration>> InstallAsync(CancellationToken cancellationToken) =>
        database.RunAsync(
            async connection =>
            {
                CheckServer(connection.PostgreSqlVersion, database.Server);
                var since = Stopwatch.StartNew();
                for (var pause = FirstPause; ; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
                {
                    try
                    {
                        return await MigrateAsync(connection, cancellationToken).ConfigureAwait(false);
                    }
                    catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
                    {
                        if (since.Elapsed >= _patience)
                        {
                            throw await BusyAsync(connection, e, cancellationToken).ConfigureAwait(false);
                        }
                    }

                    await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken);

    /// <returns>False where there was no queue.</returns>
    public Task<bool> UninstallAsync(CancellationToken cancellationToken) =>
        database.RunAsync(async connection =>
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await ExecuteAsync(connection, SchemaScript.Lock(database), cancellationToken).ConfigureAwait(false);
                if (await SchemaVersion.ReadAsync(database, connection, cancellationToken).ConfigureAwait(false) is null)
                {
                    return false;
                }

                await ExecuteAsync(connection, $"drop schema {database.QuotedSchema} cascade", cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }
        }, cancellationToken);

    /// <summary>The whole installation as one script for a DBA's psql.</summary>
    public string AsScript() => SchemaScript.Standalone(database, _migrations);

    /// <exception cref="QueueException">The schema is missing, older or newer than this module.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var status = await GetStatusAsync(cancellationToken).ConfigureAwait(false);
        if (!status.Installed)
        {
            throw DatabaseErrors.SchemaMissing(database.Server, database.Schema);
        }

        CheckNotNewer(status.Version);
        if (status.Version < Latest)
        {
            throw SchemaSkew.TooOld(database.Schema, status.Version, Latest);
        }
    }

    private async Task<IReadOnlyList<Migration>> MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ExecuteAsync(connection, SchemaScript.Lock(database), cancellationToken).ConfigureAwait(false);
            var found = (await SchemaVersion.ReadAsync(database, connection, cancellationToken).ConfigureAwait(false))?.Latest;
            CheckNotNewer(found);
            var missing = _migrations.Where(m => m.Version > (found ?? 0)).ToList();
            if (found is null)
            {
                await MakeAsync(connection, cancellationToken).ConfigureAwait(false);
                await CheckEmptyAsync(connection, cancellationToken).ConfigureAwait(false);
                await ExecuteAsync(connection, SchemaScript.Install(database, missing), cancellationToken).ConfigureAwait(false);
            }
            else if (missing.Count > 0)
            {
                await ExecuteAsync(connection, SchemaScript.Upgrade(database, missing, LockTimeout), cancellationToken).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return missing;
        }
    }

    private SchemaStatus Status(NpgsqlConnection connection, SchemaVersion? found) => new()
    {
        Schema = database.Schema,
        Installed = found is not null,
        Version = found?.Latest ?? 0,
        LatestVersion = Latest,
        ServerVersion = connection.PostgreSqlVersion.ToString(),
    };

    private async Task<QueueException> BusyAsync(NpgsqlConnection connection, PostgresException cause, CancellationToken cancellationToken)
    {
        var holders = await LockHolders.ReadAsync(database, connection, LockTimeout, cancellationToken).ConfigureAwait(false);
        var who = holders.Count == 0 ? "" : $" They are held by {string.Join("; by ", holders)}.";
        return new QueueException(
            QueueError.SchemaBusy,
            $"The schema \"{database.Schema}\" could not be changed: for {_patience.TotalSeconds:0} s its tables were never free.{who} Nothing was changed, and the queue goes on as it was. Try again when that has ended, or end it (pg_terminate_backend, rollback prepared).",
            cause);
    }

    /// <summary>Makes the schema, unless a DBA has: PostgreSQL asks for the right to make schemas even of who needs none.</summary>
    private async Task MakeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select to_regnamespace($1) is not null", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = database.QuotedSchema });
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
            {
                await ExecuteAsync(connection, SchemaScript.Schema(database), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task CheckEmptyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = database.Schema });
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is > 0L)
            {
                throw new QueueException(
                    QueueError.SchemaForeign,
                    $"The schema \"{database.Schema}\" holds tables that are no queue's. Choose another name with -Schema.");
            }
        }
    }

    private void CheckNotNewer(int? found)
    {
        if (found > Latest)
        {
            throw SchemaSkew.TooNew(database.Schema, found.Value, Latest);
        }
    }

    /// <exception cref="QueueException">The server is older than the oldest that has what the schema needs.</exception>
    internal static void CheckServer(Version version, string server)
    {
        if (version.Major < OldestServer)
        {
            throw new QueueException(
                QueueError.ServerTooOld,
                $"{server} is version {version}; PgQueue needs PostgreSQL {OldestServer} or newer. Upgrade the server, or use another one.");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            // A migration may take its time, as another's that this one waits for.
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
