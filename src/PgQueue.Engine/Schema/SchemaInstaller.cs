using System.Globalization;
using System.Text;
using Npgsql;

namespace PgQueue;

/// <summary>
/// Brings a schema to this module's version, one transaction in all, under an advisory lock: however many install at
/// once, and wherever one is interrupted, the schema is either as it was or complete.
/// </summary>
internal sealed class SchemaInstaller(QueueDatabase database)
{
    private const int OldestServer = 13;

    public Task<SchemaStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        database.RunAsync(async connection =>
        {
            var found = await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false);
            return Status(connection, found);
        }, cancellationToken);

    /// <returns>The migrations applied; none where the schema was up to date.</returns>
    public Task<IReadOnlyList<Migration>> InstallAsync(CancellationToken cancellationToken) =>
        database.RunAsync<IReadOnlyList<Migration>>(async connection =>
        {
            CheckServer(connection.PostgreSqlVersion, database.Server);
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await ExecuteAsync(connection, LockSql(), cancellationToken).ConfigureAwait(false);
                var found = await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false);
                CheckNotNewer(found);
                var missing = Migration.All.Where(m => m.Version > (found ?? 0)).ToList();
                if (missing.Count > 0)
                {
                    if (found is null)
                    {
                        await CheckEmptyAsync(connection, cancellationToken).ConfigureAwait(false);
                    }

                    await ExecuteAsync(connection, Script(missing, first: found is null), cancellationToken).ConfigureAwait(false);
                }

                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return missing;
            }
        }, cancellationToken);

    /// <returns>False where there was no queue.</returns>
    public Task<bool> UninstallAsync(CancellationToken cancellationToken) =>
        database.RunAsync(async connection =>
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await ExecuteAsync(connection, LockSql(), cancellationToken).ConfigureAwait(false);
                if (await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false) is null)
                {
                    return false;
                }

                await ExecuteAsync(connection, $"drop schema {database.QuotedSchema} cascade", cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }
        }, cancellationToken);

    /// <summary>The whole installation as one script for a DBA's psql.</summary>
    public string AsScript() =>
        $"begin;\n\n{LockSql()};\n\n{Script(Migration.All, first: true)}\ncommit;\n";

    /// <exception cref="QueueException">The schema is missing, older or newer than this module.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var status = await GetStatusAsync(cancellationToken).ConfigureAwait(false);
        if (!status.Installed)
        {
            throw DatabaseErrors.SchemaMissing(database.Server, database.Schema);
        }

        CheckNotNewer(status.Version);
        if (status.Version < Migration.Latest)
        {
            throw new QueueException(
                QueueError.SchemaTooOld,
                $"The schema \"{database.Schema}\" has version {status.Version}, this module needs {Migration.Latest}. Bring it up to date with Install-PqSchema.");
        }
    }

    private string Script(IEnumerable<Migration> migrations, bool first)
    {
        var script = new StringBuilder();
        if (first)
        {
            script.Append(database.Sql("Schema/create.sql")).Append('\n');
        }

        script.Append(CultureInfo.InvariantCulture, $"set local search_path to {database.QuotedSchema}, pg_temp;\n\n");
        foreach (var m in migrations)
        {
            script.Append(m.Sql).Append('\n');
            script.Append(CultureInfo.InvariantCulture, $"insert into migration (version, name) values ({m.Version}, '{m.Name}');\n\n");
        }

        return script.ToString();
    }

    private SchemaStatus Status(NpgsqlConnection connection, int? found) => new()
    {
        Schema = database.Schema,
        Installed = found is not null,
        Version = found ?? 0,
        LatestVersion = Migration.Latest,
        ServerVersion = connection.PostgreSqlVersion.ToString(),
    };

    private async Task<int?> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select to_regclass($1) is not null", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = database.QuotedSchema + ".migration" });
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
            {
                return null;
            }
        }

        var version = new NpgsqlCommand($"select coalesce(max(version), 0) from {database.QuotedSchema}.migration", connection);
        await using (version.ConfigureAwait(false))
        {
            return (int?)await version.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
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
        if (found > Migration.Latest)
        {
            throw new QueueException(
                QueueError.SchemaTooNew,
                $"The schema \"{database.Schema}\" has version {found}, this module knows up to {Migration.Latest}. Update the PgQueue module on this machine.");
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

    private string LockSql() =>
        $"select pg_advisory_xact_lock(hashtextextended('pgqueue.install.' || '{database.Schema.Replace("'", "''", StringComparison.Ordinal)}', 0))";

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
