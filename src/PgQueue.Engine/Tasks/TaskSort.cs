namespace PgQueue;

/// <summary>What tasks are sorted by. Those that have none of it come last.</summary>
public enum TaskSort
{
    /// <summary>The order they were added in.</summary>
    Id,

    /// <summary>The name.</summary>
    Name,

    /// <summary>The queue's name.</summary>
    Queue,

    /// <summary>The priority.</summary>
    Priority,

    /// <summary>When they were added.</summary>
    CreatedAt,

    /// <summary>When they are, or were, due.</summary>
    RunAt,

    /// <summary>When their last run began.</summary>
    StartedAt,

    /// <summary>When they finished.</summary>
    FinishedAt,

    /// <summary>How long their last run took.</summary>
    Duration,
}
