using Npgsql;

namespace PgQueue.Unit;

/// <summary>
/// A worker in SQL alone, on a session of its own that holds its lock: claims and finishes without a process, as fast as
/// the database goes.
/// </summary>
internal sealed class SqlWorker : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly TestQueue _queue;

    private SqlWorker(NpgsqlConnection connection, TestQueue queue) => (_connection, _queue) = (connection, queue);

    public long Id { get; private set; }

    public static async Task<SqlWorker> JoinAsync(TestQueue queue)
    {
        var connection = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        var worker = new SqlWorker(connection, queue);
        worker.Id = (long)(await worker.ScalarAsync("select {schema}.register_worker('sql', 'h', 1, '0', null, 1)"))!;
        return worker;
    }

    /// <summary>The ids claimed, in the order of their starts.</summary>
    public async Task<List<long>> ClaimAsync(int most, string more = "")
    {
        await using var command = Command($"select id from {{schema}}.claim_tasks($1, null, $2{more}) order by priority desc, id");
        command.Parameters.Add(new() { Value = Id });
        command.Parameters.Add(new() { Value = most });
        await using var rows = await command.ExecuteReaderAsync();
        var ids = new List<long>();
        while (await rows.ReadAsync())
        {
            ids.Add(rows.GetInt64(0));
        }

        return ids;
    }

    /// <summary>Finishes a task that it runs; again after a time where that is given.</summary>
    /// <returns>The task's state then; null where it was not this worker's.</returns>
    public async Task<string?> FinishAsync(long id, string state = "completed", TimeSpan? retryIn = null)
    {
        await using var command = Command(
            """
            select f.state::text
            from {schema}.task t
            cross join lateral {schema}.finish_tasks(
                $1, array[t.id], array[t.run], array[$3::{schema}.task_state],
                array[case $3 when 'completed' then 'success' else 'error' end::{schema}.task_end],
                array[null::integer], array[null::integer], array[null::bigint],
                array[case when $3 <> 'completed' then '{"message": "no"}'::jsonb end], array[null::jsonb], array[$4::interval],
                array[false]) f
            where t.id = $2
            """);
        command.Parameters.Add(new() { Value = Id });
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = state });
        command.Parameters.Add(new() { Value = (object?)retryIn ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Interval });
        return (string?)await command.ExecuteScalarAsync();
    }

    /// <summary>Finishes, in one batch, what of these it runs; again after a time where that is given.</summary>
    /// <returns>How many were its own.</returns>
    public async Task<int> FinishAsync(List<long> ids, TimeSpan? retryIn = null)
    {
        await using var command = Command(
            """
            select count(*)
            from {schema}.finish_tasks(
                $1, $2, array_fill($3, array[cardinality($2)]),
                array_fill('completed'::{schema}.task_state, array[cardinality($2)]),
                array_fill('success'::{schema}.task_end, array[cardinality($2)]),
                array_fill(null::integer, array[cardinality($2)]), array_fill(null::integer, array[cardinality($2)]),
                array_fill(null::bigint, array[cardinality($2)]), array_fill(null::jsonb, array[cardinality($2)]),
                array_fill(null::jsonb, array[cardinality($2)]), array_fill($4, array[cardinality($2)]),
                array_fill(false, array[cardinality($2)]))
            """);
        command.Parameters.Add(new() { Value = Id });
        command.Parameters.Add(new() { Value = ids.ToArray() });
        command.Parameters.Add(new() { Value = 1 });
        command.Parameters.Add(new() { Value = (object?)retryIn ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Interval });
        return (int)(long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>What a step reads of task: entries of its indexes, and rows where it reads the table itself.</summary>
    public async Task<long> CountReadsAsync(Func<Task> step)
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        var before = await ReadsAsync();
        await step();
        var reads = await ReadsAsync() - before;
        await transaction.CommitAsync();
        return reads;
    }

    /// <summary>Dies: its session ends, its tasks stay behind.</summary>
    public Task DieAsync() => _connection.CloseAsync();

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>Those of the transaction, and of earlier ones that the server has not added to its statistics yet.</summary>
    private async Task<long> ReadsAsync() => (long)(decimal)(await ScalarAsync(
        """
        select sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) + pg_stat_get_xact_tuples_returned(i.indrelid)
        from pg_index i
        where i.indrelid = '{schema}.task'::regclass
        group by i.indrelid
        """))!;

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = Command(sql);
        return await command.ExecuteScalarAsync();
    }

    private NpgsqlCommand Command(string sql) => new(_queue.Client.Database.Qualify(sql), _connection);
}
