namespace PgQueue;

/// <summary>A task that this worker has claimed, with all that its run needs.</summary>
internal sealed record ClaimedTask
{
    public required long Id { get; init; }

    public required int Run { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public required string Queue { get; init; }

    public required int Priority { get; init; }

    public required TaskKind Kind { get; init; }

    public required string? Name { get; init; }

    /// <summary>The script's text.</summary>
    public required string? Script { get; init; }

    public required string Spec { get; init; }

    public required TimeSpan? Timeout { get; init; }

    public required long? MemoryLimit { get; init; }

    public required int? ProcessLimit { get; init; }

    /// <summary>The retry policy's JSON; null where it has none.</summary>
    public required string? Retry { get; init; }

    /// <summary>The tasks that it waited for; null where there are none.</summary>
    public long[]? Needs { get; init; }

    /// <summary>The schedule that added it; null where none did.</summary>
    public string? Schedule { get; init; }

    /// <summary>The schedule's time that it was added for.</summary>
    public DateTimeOffset? Tick { get; init; }
}
