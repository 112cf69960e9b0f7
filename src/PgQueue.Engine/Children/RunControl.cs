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

    public ClaimedTask Task => task;

    public Task<StopReason> Stopped => _stop.Task;

    public void Stop(StopReason reason) => _stop.TrySetResult(reason);
}
