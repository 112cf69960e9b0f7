using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Npgsql;

namespace PgQueue;

/// <summary>A queue's place: a database and a schema in it, with the pool of connections to it.</summary>
internal sealed class QueueDatabase : IAsyncDisposable
{
    /// <summary>A deadlock's victim is tried again so often: nothing of it was done.</summary>
    private const int DeadlockTries = 5;

    private readonly ConcurrentDictionary<string, string> _sql = new();

    public QueueDatabase(string connectionString, string schema, int maxConnections)
    {
        Schema = SchemaName.Check(schema);
        QuotedSchema = SchemaName.Quote(schema);

        var settings = ConnectionStrings.Parse(connectionString);
        settings.MaxPoolSize = maxConnections;
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, maxConnections);
        settings.ApplicationName ??= "PgQueue";
        settings.IncludeErrorDetail = true;
        if (settings.MaxAutoPrepare == 0)
        {
            settings.MaxAutoPrepare = 30;
            settings.AutoPrepareMinUsages = 2;
        }

        Settings = settings;
        Server = Describe(settings);
        Source = NpgsqlDataSource.Create(settings);
    }

    public NpgsqlDataSource Source { get; }

    public NpgsqlConnectionStringBuilder Settings { get; }

    public string Schema { get; }

    public string QuotedSchema { get; }

    /// <summary>The server and database for an error's text; no password.</summary>
    public string Server { get; }

    /// <summary>An embedded statement, such as <c>Tasks/query.sql</c>, with this queue's schema in it.</summary>
    public string Sql(string name) => _sql.GetOrAdd(name, n => Qualify(EmbeddedFile.Read(n)));

    /// <summary>A statement with this queue's schema where it says <c>{schema}</c>.</summary>
    public string Qualify(string sql) => sql.Replace("{schema}", QuotedSchema, StringComparison.Ordinal);

    /// <summary>Runs work on a pooled connection, and words the database's errors for an admin.</summary>
    /// <exception cref="QueueException">The database could not be reached, or refused.</exception>
    public async Task<T> RunAsync<T>(
        Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var connection = await Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    return await work(connection).ConfigureAwait(false);
                }
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected && tries < DeadlockTries)
            {
                // Others that change the same tasks go on now; this one comes after them.
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw Translate(e);
            }
        }
    }

    /// <summary>Starts to read rows.</summary>
    /// <exception cref="QueueException">The database could not be reached, or refused.</exception>
    public async Task<DatabaseReader> OpenReaderAsync(Func<NpgsqlConnection, NpgsqlCommand> command, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            var query = command(connection);
            var row = await query.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            return new DatabaseReader(this, connection, query, row);
        }
        catch (Exception e)
        {
            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }

            if (e is OperationCanceledException)
            {
                throw;
            }

            throw Translate(e);
        }
    }

    /// <summary>A database's error in an admin's words; any other error unchanged, with its stack.</summary>
    public Exception Translate(Exception error)
    {
        if (DatabaseErrors.Translate(error, Server, Schema) is { } translated)
        {
            return translated;
        }

        ExceptionDispatchInfo.Throw(error);
        return error;
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    private static string Describe(NpgsqlConnectionStringBuilder settings)
    {
        var host = settings.Host ?? "localhost";
        var place = host.Contains(',', StringComparison.Ordinal) || host.StartsWith('/')
            ? host
            : $"{host}:{settings.Port}";
        return $"PostgreSQL at {place}, database \"{settings.Database ?? settings.Username ?? "postgres"}\"";
    }
}
