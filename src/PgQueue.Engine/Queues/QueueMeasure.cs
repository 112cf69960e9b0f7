using Npgsql;

namespace PgQueue;

/// <summary>How a queue does: what it holds now, and what it did since a time.</summary>
public sealed record QueueMeasure
{
    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>True: its tasks wait.</summary>
    public required bool Paused { get; init; }

    /// <summary>Tasks whose time, or whose next attempt's, has not come.</summary>
    public required long Scheduled { get; init; }

    /// <summary>Tasks that wait for others or for their group's turn.</summary>
    public required long Blocked { get; init; }

    /// <summary>Tasks that any worker may take.</summary>
    public required long Ready { get; init; }

    /// <summary>Tasks that run.</summary>
    public required long Running { get; init; }

    /// <summary>Since when the one of the ready tasks has waited that has waited longest; null where none is ready.</summary>
    public DateTime? OldestReady { get; init; }

    /// <summary>Tasks completed in the time.</summary>
    public required long Completed { get; init; }

    /// <summary>Tasks failed in the time.</summary>
    public required long Failed { get; init; }

    /// <summary>Tasks canceled in the time.</summary>
    public required long Canceled { get; init; }

    /// <summary>How long those waited, on average, from when they were due to their first start; null where there were none.</summary>
    public TimeSpan? AverageWait { get; init; }

    /// <summary>How long those ran, on average; null where there were none.</summary>
    public TimeSpan? AverageRun { get; init; }

    /// <summary>The queue and what it holds, in one line.</summary>
    public override string ToString() => $"{Queue}: {Ready} ready, {Running} running, {Scheduled + Blocked} waiting";

    internal static QueueMeasure Read(NpgsqlDataReader row)
    {
        var i = 0;
        return new QueueMeasure
        {
            Queue = row.GetString(i++),
            Paused = row.GetBoolean(i++),
            Scheduled = row.GetInt64(i++),
            Blocked = row.GetInt64(i++),
            Ready = row.GetInt64(i++),
            Running = row.GetInt64(i++),
            OldestReady = TaskRow.Time(row, i++),
            Completed = row.GetInt64(i++),
            Failed = row.GetInt64(i++),
            Canceled = row.GetInt64(i++),
            AverageWait = TaskRow.Value<TimeSpan>(row, i++),
            AverageRun = TaskRow.Value<TimeSpan>(row, i++),
        };
    }
}
