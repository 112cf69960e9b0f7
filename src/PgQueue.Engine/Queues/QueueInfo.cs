using Npgsql;

namespace PgQueue;

/// <summary>A queue and its settings. What is null is not set.</summary>
public sealed record QueueInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>True: its tasks wait.</summary>
    public required bool Paused { get; init; }

    /// <summary>Tasks that run at once at the most, over all workers.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Tasks that start at the most in a <see cref="RatePeriod"/>.</summary>
    public int? RateCount { get; init; }

    /// <summary>The period of <see cref="RateCount"/>.</summary>
    public TimeSpan? RatePeriod { get; init; }

    /// <summary>Starts allowed at once after a quiet time.</summary>
    public int? RateBurst { get; init; }

    /// <summary>The time limit of its tasks that have none of their own.</summary>
    public TimeSpan? DefaultTimeout { get; init; }

    /// <summary>How often its tasks are tried that don't say.</summary>
    public int? DefaultMaxAttempts { get; init; }

    /// <summary>When its tasks are tried again that don't say.</summary>
    public RetryPolicy? DefaultRetry { get; init; }

    /// <summary>Where dead letters of its tasks go that don't say.</summary>
    public string? DeadLetterQueue { get; init; }

    /// <summary>How long its finished tasks are kept at least, the queues' common setting included; null: without end.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>How many of its finished tasks are kept, the queues' common setting included; null: any number.</summary>
    public long? RetentionCount { get; init; }

    /// <summary>True: its finished tasks are kept without end.</summary>
    public required bool KeepAll { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    internal static QueueInfo Read(NpgsqlDataReader row)
    {
        var i = 0;
        return new QueueInfo
        {
            Name = row.GetString(i++),
            Paused = row.GetBoolean(i++),
            MaxConcurrency = TaskRow.Value<int>(row, i++),
            RateCount = TaskRow.Value<int>(row, i++),
            RatePeriod = TaskRow.Value<TimeSpan>(row, i++),
            RateBurst = TaskRow.Value<int>(row, i++),
            DefaultTimeout = TaskRow.Value<TimeSpan>(row, i++),
            DefaultMaxAttempts = TaskRow.Value<int>(row, i++),
            DefaultRetry = TaskRow.Text(row, i++) is { } retry ? RetryPolicy.FromJson(retry) : null,
            DeadLetterQueue = TaskRow.Text(row, i++),
            Retention = TaskRow.Value<TimeSpan>(row, i++),
            RetentionCount = TaskRow.Value<long>(row, i++),
            KeepAll = row.GetBoolean(i++),
            CreatedAt = TaskRow.Time(row, i++)!.Value,
        };
    }
}
