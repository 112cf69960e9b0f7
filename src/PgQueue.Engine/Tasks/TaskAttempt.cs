using Npgsql;

namespace PgQueue;

/// <summary>One run of a task. A run that its stopping worker gave back is not kept: it counts as nothing.</summary>
public sealed record TaskAttempt
{
    /// <summary>The task.</summary>
    public required long TaskId { get; init; }

    /// <summary>Which start of the task it was, from 1.</summary>
    public required int Run { get; init; }

    /// <summary>Which attempt it was, from 1; a restart counts anew, and the attempt after a lost run has its number.</summary>
    public required int Attempt { get; init; }

    /// <summary>The worker that ran it.</summary>
    public string? Worker { get; init; }

    /// <summary>When it began.</summary>
    public required DateTime StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTime? FinishedAt { get; init; }

    /// <summary>How long it took; null while it runs.</summary>
    public TimeSpan? Duration => FinishedAt - StartedAt;

    /// <summary>How it ended; null while it runs.</summary>
    public TaskEnd? Ended { get; init; }

    /// <summary>Its process's exit code.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The number of the signal that ended its process.</summary>
    public int? Signal { get; init; }

    /// <summary>The most memory its process held, in bytes.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Why it failed.</summary>
    public TaskError? Error { get; init; }

    /// <summary>The type of its error, to group and filter runs by; null where there is none.</summary>
    public string? ErrorType => Error?.Type;

    /// <summary>The message of its error; null where there is none.</summary>
    public string? ErrorMessage => Error?.Message;

    /// <summary>The task, which run, and how that ended: <c>42 run 2 (Timeout)</c>.</summary>
    public override string ToString() => $"{TaskId} run {Run} ({Ended?.ToString() ?? "Running"})";

    internal static TaskAttempt Read(NpgsqlDataReader row) => new()
    {
        TaskId = row.GetInt64(0),
        Run = row.GetInt32(1),
        Attempt = row.GetInt32(2),
        Worker = TaskRow.Text(row, 3),
        StartedAt = TaskRow.Time(row, 4)!.Value,
        FinishedAt = TaskRow.Time(row, 5),
        Ended = TaskRow.Text(row, 6) is { } end ? DbWords.Parse<TaskEnd>(end) : null,
        ExitCode = TaskRow.Value<int>(row, 7),
        Signal = TaskRow.Value<int>(row, 8),
        PeakMemory = TaskRow.Value<long>(row, 9),
        Error = TaskError.FromJson(TaskRow.Text(row, 10)),
    };
}
