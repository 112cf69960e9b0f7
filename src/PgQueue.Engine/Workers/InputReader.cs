using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Fetches what came of the tasks that a task waited for.</summary>
internal sealed class InputReader(QueueDatabase database, Outage outage)
{
    /// <summary>Characters of all results together: six bytes each, at the worst, they fit into a frame.</summary>
    public const int Limit = 8_000_000;

    /// <summary>The tasks in the order of their ids' list, as JSON an array of <see cref="InputTask"/>.</summary>
    /// <param name="ids">The tasks.</param>
    /// <param name="stop">The one who asks is not interested any more.</param>
    public Task<string> ReadAsync(long[] ids, CancellationToken stop) => outage.RetryAsync(token => FetchAsync(ids, token), stop);

    private async Task<string> FetchAsync(long[] ids, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var found = new Found();
            await ReadTasksAsync(connection, ids, found, cancellationToken).ConfigureAwait(false);
            await ReadRecordsAsync(connection, ids, found, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<InputTask> inputs = [.. ids.Select(found.Task)];
            return JsonSerializer.Serialize(inputs, ProtocolJson.Default.IReadOnlyListInputTask);
        }
    }

    private async Task ReadTasksAsync(NpgsqlConnection connection, long[] ids, Found found, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Sql("Workers/inputs.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var id = row.GetInt64(0);
                    found.Tasks[id] = new InputTask
                    {
                        Id = id,
                        Name = TaskRow.Text(row, 1),
                        State = DbWords.Parse<TaskState>(row.GetString(2)).ToString(),
                    };
                    if (row.GetString(3) != "method")
                    {
                        found.Runs[id] = row.GetInt32(4);
                    }
                    else if (TaskRow.Text(row, 5) is { } result)
                    {
                        found.AddResult(id, result);
                    }
                }
            }
        }
    }

    private async Task ReadRecordsAsync(NpgsqlConnection connection, long[] ids, Found found, CancellationToken cancellationToken)
    {
        long[] withRecords = [.. ids.Where(found.Runs.ContainsKey)];
        if (withRecords.Length == 0)
        {
            return;
        }

        var command = new NpgsqlCommand(database.Sql("Workers/input_records.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = withRecords, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            command.Parameters.Add(new() { Value = withRecords.Select(id => found.Runs[id]).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (!found.AddRecord(row.GetInt64(0), TaskRow.Text(row, 1), TaskRow.Text(row, 2)))
                    {
                        // This one and all after it are left out; what is still to come need not be read.
                        found.LeaveOut(withRecords.SkipWhile(id => id != row.GetInt64(0)));
                        command.Cancel();
                        return;
                    }
                }
            }
        }
    }

    /// <summary>What was found so far, and how much room is left.</summary>
    private sealed class Found
    {
        private readonly Dictionary<long, List<InputRecord>> _records = [];
        private int _size;

        public Dictionary<long, InputTask> Tasks { get; } = [];

        /// <summary>The last run of each that has its result in its output.</summary>
        public Dictionary<long, int> Runs { get; } = [];

        public void AddResult(long id, string json)
        {
            if (!Fits(json.Length))
            {
                LeaveOut([id]);
                return;
            }

            using var result = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = int.MaxValue });
            Tasks[id] = Tasks[id] with { Result = result.RootElement.Clone() };
        }

        public bool AddRecord(long id, string? text, string? clixml)
        {
            // The text beside an object's CLIXML is for those who can't read that.
            var record = new InputRecord { Text = clixml is null ? text : null, Clixml = clixml };
            if (!Fits((clixml ?? text ?? "").Length))
            {
                return false;
            }

            if (!_records.TryGetValue(id, out var list))
            {
                _records[id] = list = [];
            }

            list.Add(record);
            return true;
        }

        public void LeaveOut(IEnumerable<long> ids)
        {
            foreach (var id in ids)
            {
                _records.Remove(id);
                Tasks[id] = Tasks[id] with
                {
                    Missing = $"The results of the tasks that this one waited for take more than {Limit:N0} characters together, so that of task {id} was left out. Keep large data where both tasks can reach it, and let the first one put out its place.",
                };
            }
        }

        public InputTask Task(long id) => !Tasks.TryGetValue(id, out var task)
            ? new InputTask { Id = id, Missing = $"Task {id} is not in the queue any more, and its result went with it." }
            : _records.TryGetValue(id, out var records) ? task with { Records = records } : task;

        private bool Fits(int size)
        {
            // Each record takes some room beside its text.
            var fits = _size + size + 20 <= Limit;
            _size += fits ? size + 20 : 0;
            return fits;
        }
    }
}
