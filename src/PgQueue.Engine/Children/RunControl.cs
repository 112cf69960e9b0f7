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

    /// <summary>Its process has ended; what is left is to tell the database.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Its process was killed, since it did not give way.</summary>
    public bool Killed { get; set; }

    public void Stop(StopReason reason)
    {
        Interlocked.CompareExchange(ref _stoppedAt, Stopwatch.GetTimestamp(), 0);
        _stop.TrySetResult(reason);
    }
}
