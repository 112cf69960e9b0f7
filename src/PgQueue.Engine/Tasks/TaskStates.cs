namespace PgQueue;

// long, as all enumerations of what cmdlets emit: ConvertTo-Json writes these by their names, others as numbers.

/// <summary>Where a task stands in its life.</summary>
public enum TaskState : long
{
    /// <summary>Runs later: its time, or its next attempt's, has not come.</summary>
    Scheduled,

    /// <summary>Waits for another task or for its group's turn.</summary>
    Blocked,

    /// <summary>May be taken by any worker.</summary>
    Ready,

    /// <summary>A worker runs it.</summary>
    Running,

    /// <summary>Finished: it did what it should.</summary>
    Completed,

    /// <summary>Finished: its attempts are used up, or more of them are not worth it.</summary>
    Failed,

    /// <summary>Finished: somebody canceled it.</summary>
    Canceled,
}

/// <summary>What a task runs.</summary>
public enum TaskKind : long
{
    /// <summary>A PowerShell script, in a fresh PowerShell.</summary>
    Script,

    /// <summary>A public static .NET method, in a fresh .NET process.</summary>
    Method,

    /// <summary>An executable.</summary>
    Command,
}

/// <summary>How a run ended.</summary>
public enum TaskEnd : long
{
    /// <summary>It did what it should.</summary>
    Success,

    /// <summary>An error of its own: a script's terminating error, a method's exception, a command that can't be started.</summary>
    Error,

    /// <summary>An exit code that does not count as success.</summary>
    ExitCode,

    /// <summary>A signal ended its process.</summary>
    Signal,

    /// <summary>Its time limit ended it.</summary>
    Timeout,

    /// <summary>Its memory limit ended it.</summary>
    Memory,

    /// <summary>Its process limit, or the worker's, ended it.</summary>
    Processes,

    /// <summary>Its worker died.</summary>
    Lost,

    /// <summary>Somebody canceled it.</summary>
    Canceled,

    /// <summary>It came too late to be worth running.</summary>
    Expired,
}

/// <summary>Usual priorities. Any other number works too; the higher runs first.</summary>
public static class TaskPriority
{
    /// <summary>0: when nothing else is to do.</summary>
    public const int Batch = 0;

    /// <summary>25.</summary>
    public const int Low = 25;

    /// <summary>50, a task's own where none is given.</summary>
    public const int Normal = 50;

    /// <summary>75.</summary>
    public const int High = 75;

    /// <summary>100.</summary>
    public const int Critical = 100;

    /// <summary>Them all by name, in any case, the lowest first.</summary>
    public static IReadOnlyDictionary<string, int> Names { get; } = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(Batch)] = Batch,
        [nameof(Low)] = Low,
        [nameof(Normal)] = Normal,
        [nameof(High)] = High,
        [nameof(Critical)] = Critical,
    };
}
