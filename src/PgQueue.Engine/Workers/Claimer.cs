using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>Takes ready tasks for one worker.</summary>
internal sealed class Claimer(QueueDatabase database, WorkerIdentity identity, RunningTasks running)
{
    private const int ScriptsKept = 1000;

    private readonly Dictionary<string, string> _scripts = [];
    private readonly ClaimPlaces _places = new();
    private bool _uncertain;
    private bool _knowsNextStart;
    private TimeSpan? _nextStart;

    /// <summary>After a claim that found nothing: how long until one may find what this one has passed over; null where it looked everywhere.</summary>
    public TimeSpan? UntilComplete => _places.IsComplete ? null : _places.UntilHead;

    private string NextToken => database.Qualify("select {schema}.next_token($1)");

    /// <summary>Claims tasks, best first.</summary>
    /// <param name="workerId">The worker.</param>
    /// <param name="most">How many at the most.</param>
    /// <param name="expectsNone">Asks at once what <see cref="NextStartAsync"/> is needed for where there are none.</param>
    /// <param name="cancellationToken">Stops it; what was claimed is given back before the next claim.</param>
    public async Task<IReadOnlyList<ClaimedTask>> ClaimAsync(long workerId, int most, bool expectsNone, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            _uncertain |= running.TakeSuspicion();
            if (_uncertain)
            {
                await FreeStraysAsync(connection, workerId, running.Ids, cancellationToken).ConfigureAwait(false);
            }

            // A claim that breaks off may have been made.
            _uncertain = true;
            var since = Stopwatch.GetTimestamp();
            var rows = await ReadAsync(connection, workerId, most, expectsNone, cancellationToken).ConfigureAwait(false);
            var took = Stopwatch.GetElapsedTime(since);
            await FetchScriptsAsync(connection, rows, cancellationToken).ConfigureAwait(false);
            _uncertain = false;
            List<ClaimedTask> claimed = [.. rows
                .OrderByDescending(r => r.Task.Priority).ThenBy(r => r.Task.Id)
                .Select(r => r.Hash is null ? r.Task : r.Task with { Script = _scripts.GetValueOrDefault(r.Hash) })];
            _places.Note(claimed, took);
            return claimed;
        }
    }

    /// <summary>When the rate of a queue allows the next start of a task that waits for that; null where none does.</summary>
    public async Task<TimeSpan?> NextStartAsync(CancellationToken cancellationToken)
    {
        if (_knowsNextStart)
        {
            return _nextStart;
        }

        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand(NextToken, connection);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(identity.Filter.Queues());
                return Seconds(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false));
            }
        }
    }

    private async Task<List<(ClaimedTask Task, string? Hash)>> ReadAsync(
        NpgsqlConnection connection, long workerId, int most, bool expectsNone, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            var claim = new NpgsqlBatchCommand(database.Sql("Workers/claim.sql"));
            claim.Parameters.Add(new() { Value = workerId });
            claim.Parameters.Add(identity.Filter.Queues());
            claim.Parameters.Add(new() { Value = most });
            claim.Parameters.AddRange(identity.Filter.Others());
            claim.Parameters.Add(identity.Filter.Caps());
            claim.Parameters.Add(identity.Filter.Busy(running));
            claim.Parameters.Add(_places.Next());
            batch.BatchCommands.Add(claim);
            if (expectsNone)
            {
                batch.BatchCommands.Add(new(NextToken) { Parameters = { identity.Filter.Queues() } });
            }

            var rows = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var claimed = new List<(ClaimedTask, string?)>();
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    claimed.Add((Read(rows), rows.IsDBNull(8) ? null : Convert.ToHexString(rows.GetFieldValue<byte[]>(8))));
                }

                _knowsNextStart = await rows.NextResultAsync(cancellationToken).ConfigureAwait(false);
                _nextStart = _knowsNextStart && await rows.ReadAsync(cancellationToken).ConfigureAwait(false) ? Seconds(rows.GetValue(0)) : null;
                return claimed;
            }
        }
    }

    private static TimeSpan? Seconds(object? value) => value is double seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static ClaimedTask Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Run = row.GetInt32(1),
        Attempt = row.GetInt32(2),
        MaxAttempts = row.GetInt32(3),
        Queue = row.GetString(4),
        Priority = row.GetInt32(5),
        // A kind of a newer version's: its task fails with that, and the worker lives on.
        Kind = Enum.TryParse<TaskKind>(row.GetString(6), ignoreCase: true, out var kind) ? kind : (TaskKind)(-1),
        Name = TaskRow.Text(row, 7),
        Script = null,
        Spec = row.GetString(9),
        Timeout = row.IsDBNull(10) ? null : row.GetTimeSpan(10),
        MemoryLimit = row.IsDBNull(11) ? null : row.GetInt64(11),
        ProcessLimit = row.IsDBNull(12) ? null : row.GetInt32(12),
        Retry = TaskRow.Text(row, 13),
        Needs = row.IsDBNull(14) ? null : row.GetFieldValue<long[]>(14),
        Schedule = TaskRow.Text(row, 15),
        Tick = row.IsDBNull(16) ? null : row.GetFieldValue<DateTimeOffset>(16),
    };

    private async Task FetchScriptsAsync(
        NpgsqlConnection connection, List<(ClaimedTask Task, string? Hash)> rows, CancellationToken cancellationToken)
    {
        var missing = rows.Select(r => r.Hash).OfType<string>().Where(h => !_scripts.ContainsKey(h)).Distinct().ToList();
        if (missing.Count == 0)
        {
            return;
        }

        if (_scripts.Count > ScriptsKept)
        {
            _scripts.Clear();
            missing = [.. rows.Select(r => r.Hash).OfType<string>().Distinct()];
        }

        var command = new NpgsqlCommand($"select hash, text from {database.QuotedSchema}.script where hash = any ($1)", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new()
            {
                Value = missing.Select(Convert.FromHexString).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
            });
            var texts = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (texts.ConfigureAwait(false))
            {
                while (await texts.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    _scripts[Convert.ToHexString(texts.GetFieldValue<byte[]>(0))] = texts.GetString(1);
                }
            }
        }
    }

    private async Task FreeStraysAsync(NpgsqlConnection connection, long workerId, long[] known, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"select {database.QuotedSchema}.free_strays($1, $2)", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = workerId });
            command.Parameters.Add(new() { Value = known, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
