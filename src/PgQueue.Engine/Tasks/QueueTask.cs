namespace PgQueue;

/// <summary>A task as the queue holds it at the moment it was read.</summary>
public sealed record QueueTask
{
    /// <summary>Its number, unique in the queue for ever.</summary>
    public required long Id { get; init; }

    /// <summary>Its name, if it was given one.</summary>
    public string? Name { get; init; }

    /// <summary>The queue it is in.</summary>
    public required string Queue { get; init; }

    /// <summary>Where it stands in its life.</summary>
    public required TaskState State { get; init; }

    /// <summary>What it runs.</summary>
    public required TaskKind Kind { get; init; }

    /// <summary>The higher runs first.</summary>
    public required int Priority { get; init; }

    /// <summary>Its tags; empty where it has none.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The script's text, for a script.</summary>
    public string? Script { get; init; }

    /// <summary>What it runs and with which arguments, as JSON.</summary>
    public required string Spec { get; init; }

    /// <summary>The time limit of one run; null where it has none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The memory limit in bytes; null where it has none.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>How many processes it may have at once; null where the worker says.</summary>
    public int? ProcessLimit { get; init; }

    /// <summary>Attempts begun; runs lost with their worker don't count.</summary>
    public required int Attempt { get; init; }

    /// <summary>Attempts it has in all.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>Runs lost with their worker.</summary>
    public required int Lost { get; init; }

    /// <summary>Runs that may be lost with their worker before it counts as failed.</summary>
    public int MaxLost { get; init; }

    /// <summary>Starts of any kind.</summary>
    public required int Run { get; init; }

    /// <summary>The caller's own id for it.</summary>
    public string? ClientId { get; init; }

    /// <summary>The key that keeps a second task of its kind out while it is unfinished.</summary>
    public string? DedupeKey { get; init; }

    /// <summary>When it is tried again after a failure; null where at once.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Its group in the queue, of which one runs at a time.</summary>
    public string? Group { get; init; }

    /// <summary>The order within its group.</summary>
    public GroupOrder? GroupOrder { get; init; }

    /// <summary>The tasks it was to run after; empty where there are none.</summary>
    public IReadOnlyList<long> After { get; init; } = [];

    /// <summary>The queue that gets a dead letter when it has failed for good.</summary>
    public string? DeadLetterQueue { get; init; }

    /// <summary>The failed task that this dead letter stands for.</summary>
    public long? DeadLetterOf { get; init; }

    /// <summary>The dead letter that stands for it.</summary>
    public long? DeadLetterId { get; init; }

    /// <summary>The task that an upsert has put in its place, to run after it.</summary>
    public long? ReplacedBy { get; init; }

    /// <summary>The schedule that added it.</summary>
    public string? Schedule { get; init; }

    /// <summary>The time of that schedule which it stands for.</summary>
    public DateTime? Tick { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it is, or was, due.</summary>
    public required DateTime RunAt { get; init; }

    /// <summary>When it is not worth starting any more.</summary>
    public DateTime? ExpiresAt { get; init; }

    /// <summary>When its last run began.</summary>
    public DateTime? StartedAt { get; init; }

    /// <summary>When it finished.</summary>
    public DateTime? FinishedAt { get; init; }

    /// <summary>How long its last run took; null until it has finished.</summary>
    public TimeSpan? Duration => FinishedAt - StartedAt;

    /// <summary>The worker that runs it, or ran it last.</summary>
    public string? Worker { get; init; }

    /// <summary>How its last run ended; null until it has finished.</summary>
    public TaskEnd? Ended { get; init; }

    /// <summary>Its process's exit code.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The number of the signal that ended its process.</summary>
    public int? Signal { get; init; }

    /// <summary>The most memory its process held, in bytes.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Why it failed, or why its last attempt did.</summary>
    public TaskError? Error { get; init; }

    /// <summary>The type of its error, to group and filter tasks by; null where there is none.</summary>
    public string? ErrorType => Error?.Type;

    /// <summary>The message of its error; null where there is none.</summary>
    public string? ErrorMessage => Error?.Message;

    /// <summary>A method's return value as JSON. A script's results are its output records.</summary>
    public string? Result { get; init; }

    /// <summary>True where it runs and somebody has asked for its end.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>True where it won't change any more.</summary>
    public bool IsFinished => State is TaskState.Completed or TaskState.Failed or TaskState.Canceled;

    /// <summary>Its id, its name or what it runs, and its state: <c>42 ping (Failed)</c>.</summary>
    public override string ToString() => $"{Id} {TaskLabel.Of(this)} ({State})";
}
