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

    private const string Columns =
        "id, queue, priority, kind, name, tags, script_hash, spec, timeout, memory_limit, process_limit, max_attempts, max_lost, retry, dead_letter_queue";

    private static readonly NewTask Nothing = new();
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
        var copy = await connection.BeginBinaryImportAsync(
            $"copy {database.QuotedSchema}.task ({Columns}) from stdin (format binary)", cancellationToken).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            var tags = common.Tags is { Count: > 0 } ? common.Tags.ToArray() : null;
            var buffer = new ArrayBufferWriter<byte>();
            var json = new Utf8JsonWriter(buffer, Unchecked);
            await using (json.ConfigureAwait(false))
            {
                for (var i = 0; i < tasks.Count; i++)
                {
                    var task = tasks[i];
                    await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
                    await WriteAsync(plan.Ids[i], NpgsqlDbType.Bigint).ConfigureAwait(false);
                    await WriteAsync(plan.Queue, NpgsqlDbType.Text).ConfigureAwait(false);
                    await WriteAsync(task.Priority ?? common.Priority ?? TaskPriority.Normal, NpgsqlDbType.Integer).ConfigureAwait(false);
                    await WriteAsync(DbWords.Of((task.Kind ?? common.Kind)!.Value), NpgsqlDbType.Text).ConfigureAwait(false);
                    await WriteAsync(task.Name ?? common.Name, NpgsqlDbType.Text).ConfigureAwait(false);
                    await WriteAsync(task.Tags is { Count: > 0 } own ? own.ToArray() : tags, NpgsqlDbType.Array | NpgsqlDbType.Text).ConfigureAwait(false);
                    await WriteAsync(plan.ScriptHash, NpgsqlDbType.Bytea).ConfigureAwait(false);
                    await WriteAsync(Spec(task.Spec ?? common.Spec), NpgsqlDbType.Jsonb).ConfigureAwait(false);
                    await WriteAsync(plan.Timeout, NpgsqlDbType.Interval).ConfigureAwait(false);
                    await WriteAsync(common.MemoryLimit, NpgsqlDbType.Bigint).ConfigureAwait(false);
                    await WriteAsync(common.ProcessLimit, NpgsqlDbType.Integer).ConfigureAwait(false);
                    await WriteAsync(plan.MaxAttempts, NpgsqlDbType.Integer).ConfigureAwait(false);
                    await WriteAsync(common.MaxLost ?? NewTask.DefaultMaxLost, NpgsqlDbType.Integer).ConfigureAwait(false);
                    await WriteAsync(plan.Retry, NpgsqlDbType.Jsonb).ConfigureAwait(false);
                    await WriteAsync(plan.DeadLetterQueue, NpgsqlDbType.Text).ConfigureAwait(false);
                }

                await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);

                byte[] Spec(JsonObject? spec)
                {
                    if (spec is null)
                    {
                        return "{}"u8.ToArray();
                    }

                    buffer.ResetWrittenCount();
                    json.Reset();
                    spec.WriteTo(json);
                    json.Flush();
                    return buffer.WrittenSpan.ToArray();
                }
            }

            Task WriteAsync<T>(T? value, NpgsqlDbType type) => value is null
                ? copy.WriteNullAsync(cancellationToken)
                : copy.WriteAsync(value, type, cancellationToken);
        }
    }

    /// <summary>What the database says of all of them.</summary>
    private sealed record Plan(
        long[] Ids, string Queue, byte[]? ScriptHash, NpgsqlInterval? Timeout, int MaxAttempts, string? Retry, string? DeadLetterQueue);
}
