using System.Text.Json;

namespace PgQueue.Protocol;

/// <summary>Tasks that a task adds by its worker, which has the database's credentials.</summary>
internal sealed record AddTasks
{
    /// <summary>The child's number for this request; the answer bears it.</summary>
    public required long Id { get; init; }

    /// <summary>The tasks, an array in the words of the SQL function add_tasks.</summary>
    public required JsonElement Tasks { get; init; }

    /// <summary>What they have in common, an object in the same words.</summary>
    public required JsonElement Shared { get; init; }
}

/// <summary>The answer to <see cref="AddTasks"/>: all were added, or none was.</summary>
internal sealed record TasksAdded
{
    public required long Id { get; init; }

    /// <summary>For each task, in their order, as JSON: <c>[id, existing]</c>; null where there is an error.</summary>
    public string? Rows { get; init; }

    public AddError? Error { get; init; }
}

/// <summary>Why tasks were not added.</summary>
internal sealed record AddError
{
    /// <summary>The kind of error, by its name in QueueError.</summary>
    public required string Error { get; init; }

    public required string Message { get; init; }

    /// <summary>The task that stands in the way, such as the one that holds a client id.</summary>
    public long? TaskId { get; init; }
}
