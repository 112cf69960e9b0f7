using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>
/// Adds many plain tasks by COPY, several times as fast as add_tasks. Plain are those that are ready at once and concern
/// nobody else: no keys, groups, dependencies or times.
/// </summary>
internal sealed class BulkAdder(QueueDatabase database)
{
    /// <summary>From so many tasks on, its two round trips more are made good.</summary>
    private const int Fewest = 200;

    private static readonly NewTask Nothing = new();
    private static readonly byte[] NoSpec = "{}"u8.ToArray();
    private static readonly JsonWriterOptions Unchecked = new() { SkipValidation = true };

    /// <summary>What add_tasks would do with these, this does as well.</summary>
    public static bool Takes(IReadOnlyList<NewTask> tasks, NewTask? shared) =>
        tasks.Count >= Fewest
        && (shared is null || CommonRest(shared) == Nothing)
        && tasks.All(task => (task.Kind ?? shared?.Kind) is not null && task.Queue == tasks[0].Queue && OwnRest(task) == Nothing);

    /// <summary>Adds them, inside the connection's transaction.</summary>
    public async Task AddAsync(
        NpgsqlConnection connection, IReadOnlyList<NewTask> tasks, NewTask? shared, List<AddedTask> added, CancellationToken cancellationToken)
    {
        var common = (shared ?? Nothing) with { Queue = tasks[0].Queue ?? shared?.Queue };
        var plan = await PrepareAsync(connection, common, tasks.Count, cancellationToken).ConfigureAwait(false);
        await CopyAsync(connection, tasks, common, plan, cancellationToken).ConfigureAwait(false);
        added.AddRange(plan.Ids.Select(id => new AddedTask(id, false)));

        var wake = new NpgsqlCommand($"select {database.QuotedSchema}.wake_workers(array[$1])", connection) { Parameters = { new() { Value = plan.Queue } } };
        await using (wake.ConfigureAwait(false))
        {
            await wake.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What this can't write of what tasks share.</summary>
    private static NewTask CommonRest(NewTask shared) => OwnRest(shared) with
    {
        Script = null,
        Timeout = null,
        MemoryLimit = null,
        ProcessLimit = null,
        MaxAttempts = null,
        MaxLost = null,
        Retry = null,
    };

    /// <summary>What this can't write of a task.</summary>
    private static NewTask OwnRest(NewTask task) => task with
    {
        Kind = null,
        Spec = null,
        Queue = null,
        Priority = null,
        Name = null,
        Tags = null,
    };

    private async Task<Plan> PrepareAsync(NpgsqlConnection connection, NewTask common, int amount, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"select * from {database.QuotedSchema}.prepare_bulk($1, $2)", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = NewTaskJson.Object(common), NpgsqlDbType = NpgsqlDbType.Jsonb });
            command.Parameters.Add(new() { Value = amount });
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                await row.ReadAsync(cancellationToken).ConfigureAwait(false);
                return new Plan(
                    row.GetFieldValue<long[]>(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2),
                    row.IsDBNull(3) ? null : row.GetFieldValue<NpgsqlInterval>(3), row.GetInt32(4), TaskRow.Text(row, 5), TaskRow.Text(row, 6));
            }
        }
    }

    private async Task CopyAsync(
        NpgsqlConnection connection, IReadOnlyList<NewTask> tasks, NewTask common, Plan plan, CancellationToken cancellationToken)
    {
        var columns = Columns(tasks, common, plan);
        var copy = await connection.BeginBinaryImportAsync(
            $"copy {database.QuotedSchema}.task ({string.Join(", ", columns.Select(c => c.Name))}) from stdin (format binary)", cancellationToken).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            using var row = new Row(copy, plan, cancellationToken);
            for (var i = 0; i < tasks.Count; i++)
            {
                row.Number = i;
                await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
                foreach (var column in columns)
                {
                    await column.WriteAsync(row, tasks[i]).ConfigureAwait(false);
                }
            }

            await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Those that any of the tasks fills: most are empty in most batches, and each costs both sides something.</summary>
    private static List<Column> Columns(IReadOnlyList<NewTask> tasks, NewTask common, Plan plan)
    {
        var tags = common.Tags is { Count: > 0 } ? common.Tags.ToArray() : null;
        List<(bool IsUsed, Column Column)> all =
        [
            (true, new("id", (row, _) => row.WriteAsync(row.Plan.Ids[row.Number], NpgsqlDbType.Bigint))),
            (true, new("queue", (row, _) => row.WriteAsync(row.Plan.Queue, NpgsqlDbType.Text))),
            (true, new("priority", (row, task) => row.WriteAsync(task.Priority ?? common.Priority ?? TaskPriority.Normal, NpgsqlDbType.Integer))),
            (true, new("kind", (row, task) => row.WriteAsync(DbWords.Of((task.Kind ?? common.Kind)!.Value), NpgsqlDbType.Text))),
            (common.Name is not null || tasks.Any(task => task.Name is not null),
                new("name", (row, task) => row.WriteAsync(task.Name ?? common.Name, NpgsqlDbType.Text))),
            (tags is not null || tasks.Any(task => task.Tags is { Count: > 0 }),
                new("tags", (row, task) => row.WriteAsync(task.Tags is { Count: > 0 } own ? own.ToArray() : tags, NpgsqlDbType.Array | NpgsqlDbType.Text))),
            (plan.ScriptHash is not null, new("script_hash", (row, _) => row.WriteAsync(row.Plan.ScriptHash, NpgsqlDbType.Bytea))),
            (true, new("spec", (row, task) => row.WriteSpecAsync(task.Spec ?? common.Spec))),
            (plan.Timeout is not null, new("timeout", (row, _) => row.WriteAsync(row.Plan.Timeout, NpgsqlDbType.Interval))),
            (common.MemoryLimit is not null, new("memory_limit", (row, _) => row.WriteAsync(common.MemoryLimit, NpgsqlDbType.Bigint))),
            (common.ProcessLimit is not null, new("process_limit", (row, _) => row.WriteAsync(common.ProcessLimit, NpgsqlDbType.Integer))),
            (true, new("max_attempts", (row, _) => row.WriteAsync(row.Plan.MaxAttempts, NpgsqlDbType.Integer))),
            (true, new("max_lost", (row, _) => row.WriteAsync(common.MaxLost ?? NewTask.DefaultMaxLost, NpgsqlDbType.Integer))),
            (plan.Retry is not null, new("retry", (row, _) => row.WriteAsync(row.Plan.Retry, NpgsqlDbType.Jsonb))),
            (plan.DeadLetterQueue is not null, new("dead_letter_queue", (row, _) => row.WriteAsync(row.Plan.DeadLetterQueue, NpgsqlDbType.Text))),
        ];
        return [.. all.Where(c => c.IsUsed).Select(c => c.Column)];
    }

    private sealed record Column(string Name, Func<Row, NewTask, Task> WriteAsync);

    /// <summary>The row that is being written.</summary>
    private sealed class Row : IDisposable
    {
        private readonly NpgsqlBinaryImporter _copy;
        private readonly CancellationToken _cancellationToken;
        private readonly ArrayBufferWriter<byte> _buffer = new();
        private readonly Utf8JsonWriter _json;

        public Row(NpgsqlBinaryImporter copy, Plan plan, CancellationToken cancellationToken)
        {
            (_copy, Plan, _cancellationToken) = (copy, plan, cancellationToken);
            _json = new Utf8JsonWriter(_buffer, Unchecked);
        }

        public Plan Plan { get; }

        public int Number { get; set; }

        public Task WriteAsync<T>(T? value, NpgsqlDbType type) => value is null
            ? _copy.WriteNullAsync(_cancellationToken)
            : _copy.WriteAsync(value, type, _cancellationToken);

        public void Dispose() => _json.Dispose();

        public Task WriteSpecAsync(JsonObject? spec) => WriteAsync(Spec(spec), NpgsqlDbType.Jsonb);

        private byte[] Spec(JsonObject? spec)
        {
            if (spec is null)
            {
                return NoSpec;
            }

            _buffer.ResetWrittenCount();
            _json.Reset();
            spec.WriteTo(_json);
            _json.Flush();
            return _buffer.WrittenSpan.ToArray();
        }
    }

    /// <summary>What the database says of all of them.</summary>
    private sealed record Plan(
        long[] Ids, string Queue, byte[]? ScriptHash, NpgsqlInterval? Timeout, int MaxAttempts, string? Retry, string? DeadLetterQueue);
}
