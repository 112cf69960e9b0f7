namespace PgQueue;

/// <summary>What is new of tasks that are followed.</summary>
public sealed record FollowStep
{
    /// <summary>Records of their streams, in the order of each task's runs.</summary>
    public required IReadOnlyList<TaskOutput> Output { get; init; }

    /// <summary>Those that have finished, as they are then. No more comes of them.</summary>
    public required IReadOnlyList<QueueTask> Finished { get; init; }

    /// <summary>Those that somebody has removed.</summary>
    public required IReadOnlyList<long> Removed { get; init; }

    /// <summary>Those that a worker runs.</summary>
    public required IReadOnlyList<long> Running { get; init; }

    /// <summary>How many wait to be run, for the first time or again.</summary>
    public required int Waiting { get; init; }
}
