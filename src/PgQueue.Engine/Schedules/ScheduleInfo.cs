using Npgsql;

namespace PgQueue;

/// <summary>A schedule as it stands at the moment it was read.</summary>
public sealed record ScheduleInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its cron expression; null where it has an interval.</summary>
    public string? Cron { get; init; }

    /// <summary>Its interval; null where it has a cron expression.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>The time zone of the cron expression.</summary>
    public required string TimeZone { get; init; }

    /// <summary>Where it stands.</summary>
    public required ScheduleState State { get; init; }

    /// <summary>The next tick; null where it is suspended or has ended.</summary>
    public DateTime? NextRun { get; init; }

    /// <summary>The last tick that is done with, whether it was run or passed over.</summary>
    public DateTime? LastTick { get; init; }

    /// <summary>The task that it added last.</summary>
    public long? LastTaskId { get; init; }

    /// <summary>The state of that task; null where it was cleared.</summary>
    public TaskState? LastState { get; init; }

    /// <summary>How the last of its tasks that finished did so.</summary>
    public TaskEnd? LastEnded { get; init; }

    /// <summary>When that was.</summary>
    public DateTime? LastFinishedAt { get; init; }

    /// <summary>How long that took.</summary>
    public TimeSpan? LastDuration { get; init; }

    /// <summary>Ticks run.</summary>
    public required long Runs { get; init; }

    /// <summary>Ticks passed over: the previous task had not finished, or they were missed and not made up for.</summary>
    public required long Skipped { get; init; }

    /// <summary>Why it can't run; null where it can.</summary>
    public string? Error { get; init; }

    /// <summary>What happens while the previous task has not finished.</summary>
    public required OverlapPolicy Overlap { get; init; }

    /// <summary>What happens to ticks that were missed.</summary>
    public required MissedPolicy Missed { get; init; }

    /// <summary>How many missed ticks are made up for at the most.</summary>
    public required int MissedLimit { get; init; }

    /// <summary>The longest time by which a run is put off.</summary>
    public TimeSpan? Jitter { get; init; }

    /// <summary>No tick before this time.</summary>
    public DateTime? StartAt { get; init; }

    /// <summary>No tick after this time.</summary>
    public DateTime? EndAt { get; init; }

    /// <summary>It ends after so many runs.</summary>
    public int? MaxRuns { get; init; }

    /// <summary>What it adds, as JSON in the words of the SQL function add_tasks.</summary>
    public required string Task { get; init; }

    /// <summary>When it was registered first.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was registered last.</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    internal static ScheduleInfo Read(NpgsqlDataReader row)
    {
        var i = 0;
        return new ScheduleInfo
        {
            Name = row.GetString(i++),
            Cron = TaskRow.Text(row, i++),
            Every = Microseconds(row, i++),
            TimeZone = row.GetString(i++),
            State = DbWords.Parse<ScheduleState>(row.GetString(i++)),
            NextRun = TaskRow.Time(row, i++),
            LastTick = TaskRow.Time(row, i++),
            LastTaskId = row.IsDBNull(i++) ? null : row.GetInt64(i - 1),
            LastState = TaskRow.Text(row, i++) is { } state ? DbWords.Parse<TaskState>(state) : null,
            LastEnded = TaskRow.Text(row, i++) is { } ended ? DbWords.Parse<TaskEnd>(ended) : null,
            LastFinishedAt = TaskRow.Time(row, i++),
            LastDuration = Microseconds(row, i++),
            Runs = row.GetInt64(i++),
            Skipped = row.GetInt64(i++),
            Error = TaskRow.Text(row, i++),
            Overlap = DbWords.Parse<OverlapPolicy>(row.GetString(i++)),
            Missed = DbWords.Parse<MissedPolicy>(row.GetString(i++)),
            MissedLimit = row.GetInt32(i++),
            Jitter = Microseconds(row, i++),
            StartAt = TaskRow.Time(row, i++),
            EndAt = TaskRow.Time(row, i++),
            MaxRuns = row.IsDBNull(i++) ? null : row.GetInt32(i - 1),
            Task = row.GetString(i++),
            CreatedAt = TaskRow.Time(row, i++)!.Value,
            UpdatedAt = TaskRow.Time(row, i++)!.Value,
        };
    }

    /// <summary>An interval may have months, which a TimeSpan can't: the database counts them.</summary>
    private static TimeSpan? Microseconds(NpgsqlDataReader row, int i) =>
        row.IsDBNull(i) ? null : TimeSpan.FromMicroseconds(row.GetInt64(i));
}
