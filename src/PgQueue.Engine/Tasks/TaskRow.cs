using Npgsql;

namespace PgQueue;

/// <summary>Reads a row of <c>Tasks/query.sql</c>; its columns are numbered there in this order.</summary>
internal static class TaskRow
{
    public static QueueTask Read(NpgsqlDataReader row)
    {
        var i = 0;
        return new QueueTask
        {
            Id = row.GetInt64(i++),
            Name = Text(row, i++),
            Queue = row.GetString(i++),
            State = DbWords.Parse<TaskState>(row.GetString(i++)),
            Kind = DbWords.Parse<TaskKind>(row.GetString(i++)),
            Priority = row.GetInt32(i++),
            Tags = row.IsDBNull(i++) ? [] : row.GetFieldValue<string[]>(i - 1),
            Script = Text(row, i++),
            Spec = row.GetString(i++),
            Timeout = Value<TimeSpan>(row, i++),
            MemoryLimit = Value<long>(row, i++),
            ProcessLimit = Value<int>(row, i++),
            Attempt = row.GetInt32(i++),
            MaxAttempts = row.GetInt32(i++),
            Lost = row.GetInt32(i++),
            MaxLost = row.GetInt32(i++),
            Run = row.GetInt32(i++),
            Retry = RetryPolicy.Read(Text(row, i++)),
            ClientId = Text(row, i++),
            DedupeKey = Text(row, i++),
            Group = Text(row, i++),
            GroupOrder = Text(row, i++) is { } order ? DbWords.Parse<GroupOrder>(order) : null,
            After = row.IsDBNull(i++) ? [] : row.GetFieldValue<long[]>(i - 1),
            DeadLetterQueue = Text(row, i++),
            DeadLetterOf = Value<long>(row, i++),
            DeadLetterId = Value<long>(row, i++),
            ReplacedBy = Value<long>(row, i++),
            Schedule = Text(row, i++),
            Tick = Time(row, i++),
            CreatedAt = Time(row, i++)!.Value,
            RunAt = Time(row, i++)!.Value,
            ExpiresAt = Time(row, i++),
            StartedAt = Time(row, i++),
            FinishedAt = Time(row, i++),
            Worker = Text(row, i++),
            Ended = Text(row, i++) is { } end ? DbWords.Parse<TaskEnd>(end) : null,
            ExitCode = Value<int>(row, i++),
            Signal = Value<int>(row, i++),
            PeakMemory = Value<long>(row, i++),
            Error = TaskError.FromJson(Text(row, i++)),
            Result = Text(row, i++),
            CancelRequested = row.GetBoolean(i++),
        };
    }

    /// <summary>Local time, as PowerShell shows times.</summary>
    internal static DateTime? Time(NpgsqlDataReader row, int i) =>
        row.IsDBNull(i) ? null : row.GetDateTime(i).ToLocalTime();

    internal static string? Text(NpgsqlDataReader row, int i) => row.IsDBNull(i) ? null : row.GetString(i);

    internal static T? Value<T>(NpgsqlDataReader row, int i)
        where T : struct => row.IsDBNull(i) ? null : row.GetFieldValue<T>(i);
}
