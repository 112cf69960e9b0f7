using Npgsql;

namespace PgQueue;

/// <summary>What a worker is doing.</summary>
public enum WorkerState : long
{
    /// <summary>Waits for tasks.</summary>
    Idle,

    /// <summary>Has tasks, or looks for them.</summary>
    Busy,

    /// <summary>Was told to stop and finishes what it runs.</summary>
    Draining,

    /// <summary>Was told to stop at once.</summary>
    Stopping,

    /// <summary>Died; its tasks were given to others.</summary>
    Lost,
}

/// <summary>A worker as the queue knows it.</summary>
public sealed record WorkerInfo
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The machine it runs on.</summary>
    public required string Host { get; init; }

    /// <summary>Its process there.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The version of PgQueue it runs.</summary>
    public required string Version { get; init; }

    /// <summary>The queues it serves, wildcards among them; all where empty.</summary>
    public required IReadOnlyList<string> Queues { get; init; }

    /// <summary>What it picks its tasks by beside queues, in words; null where by nothing.</summary>
    public string? Filter { get; init; }

    /// <summary>How many tasks it runs at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>How many it runs now.</summary>
    public required int Running { get; init; }

    /// <summary>What it is doing.</summary>
    public required WorkerState State { get; init; }

    /// <summary>When it started.</summary>
    public required DateTime StartedAt { get; init; }

    /// <summary>When it was last heard of; kept to some ten seconds.</summary>
    public required DateTime SeenAt { get; init; }

    /// <summary>When it was given up; null while it lives.</summary>
    public DateTime? LostAt { get; init; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    internal static WorkerInfo Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Name = row.GetString(1),
        Host = row.GetString(2),
        ProcessId = row.GetInt32(3),
        Version = row.GetString(4),
        Queues = row.IsDBNull(5) ? [] : [.. row.GetFieldValue<string[]>(5).Select(QuerySql.Wildcard)],
        Concurrency = row.GetInt32(6),
        Running = row.GetInt32(7),
        State = DbWords.Parse<WorkerState>(row.GetString(8)),
        StartedAt = TaskRow.Time(row, 9)!.Value,
        SeenAt = TaskRow.Time(row, 10)!.Value,
        LostAt = TaskRow.Time(row, 11),
        Filter = WorkerFilter.Describe(TaskRow.Text(row, 12)),
    };
}
