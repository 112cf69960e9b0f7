namespace PgQueue;

/// <summary>Counts what became of a worker's tasks.</summary>
internal sealed class Tally
{
    private int _completed;
    private int _failed;
    private int _canceled;
    private int _retried;
    private int _released;
    private volatile bool _outdated;

    /// <summary>The schema has become newer than the worker can work with.</summary>
    public bool IsOutdated
    {
        get => _outdated;
        set => _outdated = value;
    }

    public void Count(TaskState state, bool released) => _ = state switch
    {
        TaskState.Completed => Interlocked.Increment(ref _completed),
        TaskState.Failed => Interlocked.Increment(ref _failed),
        TaskState.Canceled => Interlocked.Increment(ref _canceled),
        _ when released => Interlocked.Increment(ref _released),
        _ => Interlocked.Increment(ref _retried),
    };

    public WorkerSummary Summary(string worker) => new()
    {
        Worker = worker,
        Completed = _completed,
        Failed = _failed,
        Canceled = _canceled,
        Retried = _retried,
        Released = _released,
        IsOutdated = _outdated,
    };
}
