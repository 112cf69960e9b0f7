namespace PgQueue;

/// <summary>Something a worker did or noticed.</summary>
public abstract record WorkerEvent
{
    private protected WorkerEvent()
    {
    }

    /// <summary>When, by this machine's clock.</summary>
    public DateTime At { get; } = DateTime.Now;
}

/// <summary>The worker has its place in the queue and begins to take tasks.</summary>
/// <param name="WorkerId">Its number.</param>
/// <param name="Name">Its name.</param>
public sealed record WorkerStarted(long WorkerId, string Name) : WorkerEvent;

/// <summary>A run begins.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Name">Its name, or what it runs in short.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Kind">What it runs.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
public sealed record TaskStarted(long TaskId, string Name, string Queue, TaskKind Kind, int Attempt) : WorkerEvent;

/// <summary>A run tells how far it is: a script's Write-Progress, five times a second and activity at the most.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Text">Activity, status and percentage as text.</param>
/// <param name="Clixml">The record itself as CLIXML, which also says whether the activity is over.</param>
public sealed record TaskProgress(long TaskId, string? Text, string? Clixml) : WorkerEvent;

/// <summary>A run ended here of which nothing is stored: the task was no longer this worker's, or its end could not be told.</summary>
/// <param name="TaskId">The task.</param>
public sealed record TaskDropped(long TaskId) : WorkerEvent;

/// <summary>A run ended and the database knows.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Name">Its name, or what it runs in short.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="State">Completed, failed or canceled; scheduled or ready where it is tried again.</param>
/// <param name="Ended">How the run ended.</param>
/// <param name="Attempt">Which attempt this was.</param>
/// <param name="Duration">How long the run took.</param>
/// <param name="Error">Why it failed; null for a success.</param>
public sealed record TaskFinished(
    long TaskId, string Name, string Queue, TaskState State, TaskEnd Ended, int Attempt, TimeSpan Duration, TaskError? Error) : WorkerEvent
{
    /// <summary>The worker had to stop and gave the task back: that run counts for nothing.</summary>
    public bool GivenBack { get; init; }
}

/// <summary>The worker takes no more tasks and finishes what it runs.</summary>
/// <param name="Running">How many it still runs.</param>
public sealed record WorkerDraining(int Running) : WorkerEvent;

/// <summary>Something an admin should know: a lost connection, tasks recovered from a dead worker.</summary>
/// <param name="Message">What.</param>
public sealed record WorkerWarning(string Message) : WorkerEvent;

/// <summary>What a worker has done in all.</summary>
public sealed record WorkerSummary
{
    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>Tasks completed.</summary>
    public required int Completed { get; init; }

    /// <summary>Tasks failed for good.</summary>
    public required int Failed { get; init; }

    /// <summary>Tasks canceled while they ran.</summary>
    public required int Canceled { get; init; }

    /// <summary>Attempts that failed and are tried again.</summary>
    public required int Retried { get; init; }

    /// <summary>Runs given back unfinished because the worker had to stop.</summary>
    public required int Released { get; init; }

    /// <summary>It ended because the schema was upgraded to a version that it can't work with.</summary>
    public bool IsOutdated { get; init; }

    /// <summary>The worker and what it has done, in one line.</summary>
    public override string ToString() => $"{Worker}: {Completed} completed, {Failed} failed, {Canceled} canceled";
}
