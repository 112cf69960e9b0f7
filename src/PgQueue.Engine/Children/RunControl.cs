using System.Diagnostics;

namespace PgQueue;

/// <summary>Why a run is ended from outside.</summary>
internal enum StopReason
{
    /// <summary>Somebody canceled the task.</summary>
    Canceled,

    /// <summary>The worker has to stop: the task runs again elsewhere.</summary>
    Released,

    /// <summary>The worker lost the task: others run it already.</summary>
    Lost,

    /// <summary>The time limit.</summary>
    Timeout,

    /// <summary>The memory limit.</summary>
    Memory,

    /// <summary>The process limit.</summary>
    Processes,
}

/// <summary>By how much a run went over its process limit.</summary>
/// <param name="Seen">How many processes were counted.</param>
/// <param name="Limit">How many it may have.</param>
/// <param name="IsWorkers">That is the worker's limit; the task has none of its own.</param>
internal sealed record ProcessExcess(int Seen, int Limit, bool IsWorkers)
{
    public string Message => IsWorkers
        ? $"The task had {Seen:N0} processes at once, more than the worker's limit of {Limit:N0}. If it needs them, give it a ProcessLimit of its own, or the worker a higher one."
        : $"The task had {Seen:N0} processes at once, more than its limit of {Limit:N0}. If it needs them, give it a higher ProcessLimit.";
}

/// <summary>One run's handle for those who may end it. The first reason counts.</summary>
internal sealed class RunControl(ClaimedTask task)
{
    private readonly TaskCompletionSource<StopReason> _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _stoppedAt;

    public ClaimedTask Task => task;

    public Task<StopReason> Stopped => _stop.Task;

    /// <summary>How long ago somebody ended it; zero where nobody has.</summary>
    public TimeSpan StoppedFor => Stopped.IsCompleted ? Stopwatch.GetElapsedTime(Volatile.Read(ref _stoppedAt)) : TimeSpan.Zero;

    /// <summary>Its process has ended, or it got no place for one; what is left is to tell the database.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Its process was killed, since it did not give way.</summary>
    public bool Killed { get; set; }

    /// <summary>How it went over its process limit; null where it did not.</summary>
    public ProcessExcess? Excess { get; private set; }

    public void Stop(StopReason reason)
    {
        Interlocked.CompareExchange(ref _stoppedAt, Stopwatch.GetTimestamp(), 0);
        _stop.TrySetResult(reason);
    }

    /// <summary>Stops it for its process limit.</summary>
    public void Stop(ProcessExcess excess)
    {
        Excess = excess;
        Stop(StopReason.Processes);
    }
}
