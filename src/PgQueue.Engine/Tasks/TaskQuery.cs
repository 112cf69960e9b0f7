namespace PgQueue;

/// <summary>Which tasks to read. What is null or empty does not filter; all that is given must hold.</summary>
public sealed record TaskQuery
{
    /// <summary>These ids.</summary>
    public IReadOnlyCollection<long>? Ids { get; init; }

    /// <summary>One of these states.</summary>
    public IReadOnlyCollection<TaskState>? States { get; init; }

    /// <summary>A queue of one of these names; <c>*</c> and <c>?</c> are wildcards.</summary>
    public IReadOnlyCollection<string>? Queues { get; init; }

    /// <summary>One of these names; <c>*</c> and <c>?</c> are wildcards.</summary>
    public IReadOnlyCollection<string>? Names { get; init; }

    /// <summary>All of these tags.</summary>
    public IReadOnlyCollection<string>? Tags { get; init; }

    /// <summary>One of these kinds.</summary>
    public IReadOnlyCollection<TaskKind>? Kinds { get; init; }

    /// <summary>One of these client ids.</summary>
    public IReadOnlyCollection<string>? ClientIds { get; init; }

    /// <summary>A worker of one of these names; <c>*</c> and <c>?</c> are wildcards.</summary>
    public IReadOnlyCollection<string>? Workers { get; init; }

    /// <summary>One of these priorities.</summary>
    public IReadOnlyCollection<int>? Priorities { get; init; }

    /// <summary>A group of one of these names; <c>*</c> and <c>?</c> are wildcards.</summary>
    public IReadOnlyCollection<string>? Groups { get; init; }

    /// <summary>Added by a schedule of one of these names; <c>*</c> and <c>?</c> are wildcards.</summary>
    public IReadOnlyCollection<string>? Schedules { get; init; }

    /// <summary>Finished in one of these ways.</summary>
    public IReadOnlyCollection<TaskEnd>? Ends { get; init; }

    /// <summary>Finished with one of these exit codes.</summary>
    public IReadOnlyCollection<int>? ExitCodes { get; init; }

    /// <summary>An error of one of these types, named in full or without the namespace; <c>*</c> and <c>?</c> are wildcards.</summary>
    public IReadOnlyCollection<string>? ErrorTypes { get; init; }

    /// <summary>An error whose message contains this text, in any case; <c>*</c> and <c>?</c> are wildcards.</summary>
    public string? ErrorText { get; init; }

    /// <summary>Added at or after this time.</summary>
    public DateTimeOffset? CreatedFrom { get; init; }

    /// <summary>Added before this time.</summary>
    public DateTimeOffset? CreatedBefore { get; init; }

    /// <summary>Finished at or after this time.</summary>
    public DateTimeOffset? FinishedFrom { get; init; }

    /// <summary>Finished before this time.</summary>
    public DateTimeOffset? FinishedBefore { get; init; }

    /// <summary>Due at or after this time.</summary>
    public DateTimeOffset? DueFrom { get; init; }

    /// <summary>Due before this time.</summary>
    public DateTimeOffset? DueBefore { get; init; }

    /// <summary>Last run begun at or after this time.</summary>
    public DateTimeOffset? StartedFrom { get; init; }

    /// <summary>Last run begun before this time.</summary>
    public DateTimeOffset? StartedBefore { get; init; }

    /// <summary>What they are sorted by.</summary>
    public TaskSort SortBy { get; init; }

    /// <summary>Lowest, oldest, first of the alphabet first; the other way round where false.</summary>
    public bool Ascending { get; init; }

    /// <summary>This many at the most; all where null. 0 or more.</summary>
    public long? Limit { get; init; }

    /// <summary>Leave out this many first. 0 or more.</summary>
    public long Offset { get; init; }
}
