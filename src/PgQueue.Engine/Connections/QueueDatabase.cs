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
    private readonly PinnedConnection? _pinned;
    private readonly ConnectionPool _pool;

    public QueueDatabase(string connectionString, string schema, int maxConnections, bool forWorker = false)
    {
        Schema = SchemaName.Check(schema);
        QuotedSchema = SchemaName.Quote(schema);

        var settings = ConnectionStrings.Parse(connectionString);
        PassFile.Apply(settings);
        settings.MaxPoolSize = maxConnections;
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, maxConnections);
        settings.ApplicationName ??= "PgQueue";
        settings.IncludeErrorDetail = true;
        Server = Describe(settings);
        _pool = new ConnectionPool(settings, forWorker ? Sql("Workers/session.sql") : null);
    }

    /// <summary>The same place, seen from inside a transaction.</summary>
    public QueueDatabase(QueueDatabase outside, PinnedConnection pinned)
    {
        _sql = outside._sql;
        _pinned = pinned;
        Schema = outside.Schema;
        QuotedSchema = outside.QuotedSchema;
        Server = outside.Server;
        _pool = outside._pool;
    }

    public NpgsqlConnectionStringBuilder Settings => _pool.Settings;

    /// <summary>True where a pooler stands between, so that nothing of a session's may be relied on.</summary>
    public bool IsPooler => _pool.IsPooler;

    /// <summary>True once a connection was made.</summary>
    public bool HasConnected => _pool.HasConnected;

    public string Schema { get; }

    public string QuotedSchema { get; }

    /// <summary>The server and database for an error's text; no password.</summary>
    public string Server { get; }

    /// <summary>True where all that <see cref="RunAsync"/> does belongs to one transaction.</summary>
    public bool InTransaction => _pinned is not null;

    /// <summary>Closes what lies idle in the pool: where one connection broke, the others are broken as well.</summary>
    public void ClosePooled() => _pool.Clear();

    /// <exception cref="Exception">The database's own error; the caller words it.</exception>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _pool.OpenAsync(cancellationToken);

    /// <summary>An embedded statement, such as <c>Tasks/query.sql</c>, with this queue's schema in it.</summary>
    public string Sql(string name) => _sql.GetOrAdd(name, n => Qualify(EmbeddedFile.Read(n)));

    /// <summary>A statement with this queue's schema where it says <c>{schema}</c>.</summary>
    public string Qualify(string sql) => sql.Replace("{schema}", QuotedSchema, StringComparison.Ordinal);

    /// <summary>Runs work on a pooled connection, or on the transaction's, and words the database's errors for an admin.</summary>
    /// <exception cref="QueueException">The database could not be reached, or refused.</exception>
    public async Task<T> RunAsync<T>(
        Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (_pinned is not null)
                {
                    return await _pinned.RunAsync(work, cancellationToken).ConfigureAwait(false);
                }

                var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    return await work(connection).ConfigureAwait(false);
                }
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected && !InTransaction && tries < DeadlockTries)
            {
                // Others that change the same tasks go on now; this one comes after them.
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw await TranslateAsync(e).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs work of which all or nothing is done.</summary>
    /// <exception cref="QueueException">The database could not be reached, or refused.</exception>
    public Task<T> RunAtomicAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) => RunAsync(
        async connection =>
        {
            if (InTransaction)
            {
                return await work(connection).ConfigureAwait(false);
            }

            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var result = await work(connection).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
        },
        cancellationToken);

    /// <summary>Refuses what can't be done inside a transaction.</summary>
    /// <exception cref="QueueException">This is one.</exception>
    public void RefuseInTransaction(string what, string why)
    {
        if (InTransaction)
        {
            throw new QueueException(QueueError.NotInTransaction, $"{what} can't be used inside a transaction: {why}. Do it before or after it.");
        }
    }

    /// <summary>Starts to read rows on a connection of their own.</summary>
    /// <exception cref="QueueException">The database could not be reached, or refused.</exception>
    public async Task<DatabaseReader> OpenReaderAsync(Func<NpgsqlConnection, NpgsqlCommand> command, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
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

            throw await TranslateAsync(e).ConfigureAwait(false);
        }
    }

    /// <summary>A database's error in an admin's words, and its cause where that is another version's schema.</summary>
    public async Task<Exception> TranslateAsync(Exception error) =>
        await SchemaSkew.ExplainAsync(this, error).ConfigureAwait(false) ?? Translate(error);

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

    public ValueTask DisposeAsync() => InTransaction ? ValueTask.CompletedTask : _pool.DisposeAsync();

    private static string Describe(NpgsqlConnectionStringBuilder settings)
    {
        var host = settings.Host ?? "localhost";
        var place = host.Contains(',', StringComparison.Ordinal) || host.StartsWith('/')
            ? host
            : $"{host}:{settings.Port}";
        return $"PostgreSQL at {place}, database \"{settings.Database ?? settings.Username ?? "postgres"}\"";
    }
}
