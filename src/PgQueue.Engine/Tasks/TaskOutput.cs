using Npgsql;

namespace PgQueue;

/// <summary>A task's streams.</summary>
public enum TaskStream : long
{
    /// <summary>Results; a command's standard output.</summary>
    Output,

    /// <summary>Error records; a command's standard error.</summary>
    Error,

    /// <summary>Warnings, the worker's own about this task among them.</summary>
    Warning,

    /// <summary>Write-Verbose.</summary>
    Verbose,

    /// <summary>Write-Information and Write-Host; what a script's process prints past PowerShell.</summary>
    Information,

    /// <summary>Write-Debug.</summary>
    Debug,

    /// <summary>Write-Progress.</summary>
    Progress,
}

/// <summary>One record of one of a task's streams.</summary>
public sealed record TaskOutput
{
    /// <summary>The task.</summary>
    public required long TaskId { get; init; }

    /// <summary>The run of the task that wrote it.</summary>
    public required int Run { get; init; }

    /// <summary>Its place among the run's records, from 1.</summary>
    public required int Sequence { get; init; }

    /// <summary>When the database received it.</summary>
    public required DateTime At { get; init; }

    /// <summary>The stream.</summary>
    public required TaskStream Stream { get; init; }

    /// <summary>The record as text.</summary>
    public string? Text { get; init; }

    /// <summary>The record itself as CLIXML; null where the text says all.</summary>
    public string? Clixml { get; init; }

    internal static TaskOutput Read(NpgsqlDataReader row) => new()
    {
        TaskId = row.GetInt64(0),
        Run = row.GetInt32(1),
        Sequence = row.GetInt32(2),
        At = TaskRow.Time(row, 3)!.Value,
        Stream = DbWords.Parse<TaskStream>(row.GetString(4)),
        Text = TaskRow.Text(row, 5),
        Clixml = TaskRow.Text(row, 6),
    };
}
