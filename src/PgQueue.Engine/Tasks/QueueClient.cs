using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>A queue: its schema, its tasks, its workers. Safe to use from several threads at once.</summary>
public sealed partial class QueueClient : IAsyncDisposable
{
    /// <summary>Connections a client opens at the most; a stream that is read takes one while it is read.</summary>
    private const int MaxConnections = 10;

    /// <summary>Tasks that one statement adds; bounds what is in memory and how long locks are held.</summary>
    private const int AddBatch = 5000;

    private const int RemoveBatch = 2000;

    private readonly SchemaInstaller _installer;

    private QueueClient(QueueDatabase database)
    {
        Database = database;
        _installer = new SchemaInstaller(database);
    }

    /// <summary>The schema that the queue is in.</summary>
    public string Schema => Database.Schema;

    /// <summary>The server and database, for people to read; never a password.</summary>
    public string Server => Database.Server;

    internal QueueDatabase Database { get; }

    /// <summary>A client of the queue in a schema. Opens nothing yet.</summary>
    /// <param name="connectionString">Npgsql keywords or a <c>postgresql://</c> URL.</param>
    /// <param name="schema">The schema's name.</param>
    /// <exception cref="QueueException">The connection string or the schema's name can't be used.</exception>
    public static QueueClient Create(string connectionString, string schema = SchemaName.Default) =>
        new(new QueueDatabase(connectionString, schema, MaxConnections));

    /// <summary>Logs in, to learn at once what is wrong with the server, the user or the database.</summary>
    /// <returns>The server's version.</returns>
    /// <exception cref="QueueException">The server can't be reached, or refuses.</exception>
    public Task<Version> TestConnectionAsync(CancellationToken cancellationToken = default) =>
        Database.RunAsync(connection => Task.FromResult(connection.PostgreSqlVersion), cancellationToken);

    /// <summary>How the schema stands to this module.</summary>
    public Task<SchemaStatus> GetSchemaStatusAsync(CancellationToken cancellationToken = default) =>
        _installer.GetStatusAsync(cancellationToken);

    /// <summary>Makes the schema, or brings it up to date. Safe to repeat and to run from many places at once.</summary>
    /// <returns>How many migrations were applied.</returns>
    public async Task<int> InstallSchemaAsync(CancellationToken cancellationToken = default)
    {
        Database.RefuseInTransaction("Install-PqSchema", "it is a transaction itself");
        return (await _installer.InstallAsync(cancellationToken).ConfigureAwait(false)).Count;
    }

    /// <summary>Drops the schema with every task in it.</summary>
    /// <returns>False where there was none.</returns>
    public Task<bool> UninstallSchemaAsync(CancellationToken cancellationToken = default)
    {
        Database.RefuseInTransaction("Uninstall-PqSchema", "it is a transaction itself");
        return _installer.UninstallAsync(cancellationToken);
    }

    /// <summary>The schema as a script for psql.</summary>
    public string GetSchemaScript() => _installer.AsScript();

    /// <summary>Fails where the schema is not the one this module needs.</summary>
    /// <exception cref="QueueException">The schema is missing, too old or too new.</exception>
    public Task CheckSchemaAsync(CancellationToken cancellationToken = default) => _installer.CheckAsync(cancellationToken);

    /// <summary>Adds one task.</summary>
    /// <exception cref="QueueException">A setting can't be used, or its client id belongs to another task.</exception>
    public async Task<AddedTask> AddAsync(NewTask task, CancellationToken cancellationToken = default) =>
        (await AddAsync([task], null, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Adds many tasks, all or none.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="shared">What they have in common; a task's own setting wins. A script given here is sent and kept once.</param>
    /// <param name="cancellationToken">Stops it; nothing is added then.</param>
    /// <returns>An answer for each, in their order.</returns>
    /// <remarks>
    /// Where all have client ids, it is tried again for a minute while the connection is broken, and they are added once.
    /// Without these nobody knows what a connection has done that broke in the middle of a commit.
    /// </remarks>
    /// <exception cref="QueueException">
    /// A setting can't be used, a client id belongs to another task, or the connection broke.
    /// </exception>
    public Task<IReadOnlyList<AddedTask>> AddAsync(
        IReadOnlyList<NewTask> tasks, NewTask? shared, CancellationToken cancellationToken = default) =>
        Addition(tasks, shared).RunAsync(cancellationToken);

    /// <exception cref="QueueException">A setting can't be used.</exception>
    internal TaskAddition Addition(IReadOnlyList<NewTask> tasks, NewTask? shared)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        shared?.Validate();
        foreach (var task in tasks)
        {
            task.Validate();
        }

        var isBulk = BulkAdder.Takes(tasks, shared);
        return new TaskAddition(Database, tasks, shared, !isBulk && tasks.Count <= AddBatch, async (connection, cancellationToken) =>
        {
            var added = new List<AddedTask>(tasks.Count);
            if (isBulk)
            {
                await new BulkAdder(Database).AddAsync(connection, tasks, shared, added, cancellationToken).ConfigureAwait(false);
                return added;
            }

            var common = shared is null ? "{}" : NewTaskJson.Object(shared);
            foreach (var batch in tasks.Chunk(AddBatch))
            {
                await AddBatchAsync(connection, batch, common, added, cancellationToken).ConfigureAwait(false);
            }

            return added;
        });
    }

    /// <summary>One task, or null where there is none of that id.</summary>
    public Task<QueueTask?> GetAsync(long id, CancellationToken cancellationToken = default) =>
        QueryAsync(new TaskQuery { Ids = [id] }, cancellationToken).SingleOrDefaultAsync(cancellationToken).AsTask();

    /// <summary>The tasks that a query names, streamed: memory stays flat however many there are.</summary>
    public IAsyncEnumerable<QueueTask> QueryAsync(TaskQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (where, parameters) = QuerySql.Where(query, Database.QuotedSchema);
        var sql = $"{Database.Sql("Tasks/query.sql")}{where}\n{QuerySql.OrderAndPage(query)}";
        return ReadAsync(sql, parameters, TaskRow.Read, cancellationToken);
    }

    /// <summary>How many tasks a query names; its page does not count.</summary>
    public Task<long> CountAsync(TaskQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (where, parameters) = QuerySql.Where(query, Database.QuotedSchema);
        return ScalarAsync<long>($"select count(*) from {Database.QuotedSchema}.tasks {where}", parameters, cancellationToken);
    }

    /// <summary>Cancels tasks that have not finished. A waiting one ends at once; a running one as soon as its worker has ended it.</summary>
    /// <returns>The state of each task that was there and unfinished: canceled, or still running.</returns>
    public Task<IReadOnlyList<KeyValuePair<long, TaskState>>> CancelAsync(
        IReadOnlyCollection<long> ids, string? reason = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            "select id, state::text from {schema}.cancel_tasks($1, $2)",
            [Ids(ids), new() { Value = (object?)reason ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }],
            row => KeyValuePair.Create(row.GetInt64(0), DbWords.Parse<TaskState>(row.GetString(1))),
            cancellationToken);

    /// <summary>Makes finished tasks ready again, with their id, arguments and history.</summary>
    /// <remarks>A dead letter that waits brings back the failed task that it stands for.</remarks>
    /// <returns>
    /// Each id that was restarted, with the id of the task that runs for it now; one that has not finished, or is not
    /// there, is missing.
    /// </returns>
    public Task<IReadOnlyList<KeyValuePair<long, long>>> RestartAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken = default) =>
        CallAsync(
            "select id, task_id from {schema}.restart_tasks($1)", [Ids(ids)], row => KeyValuePair.Create(row.GetInt64(0), row.GetInt64(1)),
            cancellationToken);

    /// <summary>Deletes tasks and all that is kept of them. Running ones stay.</summary>
    /// <returns>The ids deleted.</returns>
    public Task<IReadOnlyList<long>> RemoveAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken = default) =>
        CallAsync("select * from {schema}.remove_tasks($1)", [Ids(ids)], row => row.GetInt64(0), cancellationToken);

    /// <summary>Deletes all finished tasks that a query names, in batches of its own transactions.</summary>
    /// <returns>How many were deleted.</returns>
    public Task<long> ClearAsync(TaskQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var states = query.States is { Count: > 0 } given
            ? given.Where(s => s is TaskState.Completed or TaskState.Failed or TaskState.Canceled).ToArray()
            : [TaskState.Completed, TaskState.Failed, TaskState.Canceled];
        if (states.Length == 0)
        {
            throw new QueueException(QueueError.InvalidArgument, $"States '{string.Join(", ", query.States!)}' are none of finished tasks; only Completed, Failed and Canceled ones can be cleared.");
        }

        return RemoveAllAsync(query with { States = states }, cancellationToken);
    }

    private async Task<long> RemoveAllAsync(TaskQuery query, CancellationToken cancellationToken)
    {
        var (where, parameters) = QuerySql.Where(query, Database.QuotedSchema);
        var sql = $"select id from {Database.QuotedSchema}.tasks {where} order by id limit {RemoveBatch}";
        var cleared = 0L;
        while (true)
        {
            var ids = await CallAsync(sql, parameters, row => row.GetInt64(0), cancellationToken).ConfigureAwait(false);
            if (ids.Count == 0)
            {
                return cleared;
            }

            cleared += (await RemoveAsync([.. ids], cancellationToken).ConfigureAwait(false)).Count;
        }
    }

    /// <summary>The records of a task's streams in their order, streamed.</summary>
    /// <param name="id">The task.</param>
    /// <param name="run">The run; the last one where null.</param>
    /// <param name="after">Only records after this <see cref="TaskOutput.Sequence"/>.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public IAsyncEnumerable<TaskOutput> ReadOutputAsync(long id, int? run = null, int after = 0, CancellationToken cancellationToken = default) =>
        ReadAsync(
            Database.Sql("Tasks/output.sql"),
            [
                new() { Value = id },
                new() { Value = (object?)run ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer },
                new() { Value = after },
            ],
            TaskOutput.Read,
            cancellationToken);

    /// <summary>The workers that are in office, and those lost within the last day.</summary>
    public IAsyncEnumerable<WorkerInfo> GetWorkersAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(Database.Sql("Workers/workers.sql"), [], WorkerInfo.Read, cancellationToken);

    /// <summary>Tells workers to stop, wherever they run.</summary>
    /// <param name="ids">The workers.</param>
    /// <param name="now">End their tasks at once, which run again elsewhere; let them finish where false.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The ids of those told.</returns>
    public Task<IReadOnlyList<long>> StopWorkersAsync(IReadOnlyCollection<long> ids, bool now = false, CancellationToken cancellationToken = default) =>
        CallAsync(
            "select * from {schema}.stop_workers($1, $2)",
            [Ids(ids), new() { Value = now ? "now" : "drain" }],
            row => row.GetInt64(0),
            cancellationToken);

    /// <summary>Closes the connections.</summary>
    public ValueTask DisposeAsync() => Database.DisposeAsync();

    private async Task AddBatchAsync(
        NpgsqlConnection connection, NewTask[] batch, string common, List<AddedTask> added, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"select id, existing from {Database.QuotedSchema}.add_tasks($1, $2)", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = NewTaskJson.Array(batch), NpgsqlDbType = NpgsqlDbType.Jsonb });
            command.Parameters.Add(new() { Value = common, NpgsqlDbType = NpgsqlDbType.Jsonb });
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    added.Add(new AddedTask(rows.GetInt64(0), rows.GetBoolean(1)));
                }
            }
        }
    }

    private Task<IReadOnlyList<T>> CallAsync<T>(
        string sql, IReadOnlyList<NpgsqlParameter> parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        Database.RunAsync<IReadOnlyList<T>>(async connection =>
        {
            var command = Command(connection, sql, parameters);
            await using (command.ConfigureAwait(false))
            {
                var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (rows.ConfigureAwait(false))
                {
                    var result = new List<T>();
                    while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        result.Add(read(rows));
                    }

                    return result;
                }
            }
        }, cancellationToken);

    private async Task<T> ScalarAsync<T>(string sql, IReadOnlyList<NpgsqlParameter> parameters, CancellationToken cancellationToken) =>
        (await CallAsync(sql, parameters, row => row.GetFieldValue<T>(0), cancellationToken).ConfigureAwait(false))[0];

    private async IAsyncEnumerable<T> ReadAsync<T>(
        string sql, IReadOnlyList<NpgsqlParameter> parameters, Func<NpgsqlDataReader, T> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Database.InTransaction)
        {
            // Its one connection must be free for whatever is done with the first row.
            foreach (var row in await CallAsync(sql, parameters, read, cancellationToken).ConfigureAwait(false))
            {
                yield return row;
            }

            yield break;
        }

        var reader = await Database.OpenReaderAsync(c => Command(c, sql, parameters), cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return read(reader.Row);
            }
        }
    }

    private NpgsqlCommand Command(NpgsqlConnection connection, string sql, IReadOnlyList<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlCommand(Database.Qualify(sql), connection);
        foreach (var parameter in parameters)
        {
            // A parameter belongs to one command; a statement that is run again needs its own.
            command.Parameters.Add(parameter.Clone());
        }

        return command;
    }

    private static NpgsqlParameter Ids(IReadOnlyCollection<long> ids) => new()
    {
        Value = ids as long[] ?? [.. ids],
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint,
    };
}
