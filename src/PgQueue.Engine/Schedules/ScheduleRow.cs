using Npgsql;

namespace PgQueue;

/// <summary>What the firing needs to know of a schedule; a row of lock_due_schedules. All times are UTC, by the database's clock.</summary>
internal sealed record ScheduleRow
{
    public required DateTimeOffset Now { get; init; }

    public required string Name { get; init; }

    public string? Cron { get; init; }

    public TimeSpan? Every { get; init; }

    public string TimeZone { get; init; } = "UTC";

    public OverlapPolicy Overlap { get; init; }

    public MissedPolicy Missed { get; init; } = MissedPolicy.Once;

    public int MissedLimit { get; init; } = 100;

    public DateTimeOffset? StartAt { get; init; }

    public DateTimeOffset? EndAt { get; init; }

    public int? MaxRuns { get; init; }

    public long Runs { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Ticks after this time count.</summary>
    public required DateTimeOffset CountsFrom { get; init; }

    public DateTimeOffset? ResumedAt { get; init; }

    public DateTimeOffset? NextRun { get; init; }

    public DateTimeOffset? LastTick { get; init; }

    /// <summary>A task of this schedule has not finished.</summary>
    public bool Unfinished { get; init; }

    public static ScheduleRow Read(NpgsqlDataReader row) => new()
    {
        Now = Time(row, 0)!.Value,
        Name = row.GetString(1),
        Cron = TaskRow.Text(row, 2),
        Every = row.IsDBNull(3) ? null : TimeSpan.FromMicroseconds(row.GetInt64(3)),
        TimeZone = row.GetString(4),
        Overlap = DbWords.Parse<OverlapPolicy>(row.GetString(5)),
        Missed = DbWords.Parse<MissedPolicy>(row.GetString(6)),
        MissedLimit = row.GetInt32(7),
        StartAt = Time(row, 8),
        EndAt = Time(row, 9),
        MaxRuns = row.IsDBNull(10) ? null : row.GetInt32(10),
        Runs = row.GetInt64(11),
        CreatedAt = Time(row, 12)!.Value,
        CountsFrom = Time(row, 13) ?? Time(row, 0)!.Value,
        ResumedAt = Time(row, 14),
        NextRun = Time(row, 15),
        LastTick = Time(row, 16),
        Unfinished = row.GetBoolean(17),
    };

    /// <exception cref="QueueException">The expression or the time zone can't be read.</exception>
    public Rhythm Rhythm() => Cron is not null
        ? PgQueue.Rhythm.OfCron(Cron, TimeZone)
        : PgQueue.Rhythm.OfInterval(Every!.Value, StartAt ?? CreatedAt);

    private static DateTimeOffset? Time(NpgsqlDataReader row, int i) =>
        row.IsDBNull(i) ? null : new DateTimeOffset(DateTime.SpecifyKind(row.GetDateTime(i), DateTimeKind.Utc));
}
