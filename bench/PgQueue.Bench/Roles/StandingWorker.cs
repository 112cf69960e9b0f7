namespace PgQueue.Bench;

/// <summary>A worker that goes on, and counts what it completes.</summary>
internal sealed class StandingWorker : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly Task<WorkerSummary> _run;
    private TaskCompletionSource _done = new();
    private int _left;

    private StandingWorker(string connectionString, WorkerOptions options)
    {
        _run = new Worker(connectionString, Database.Schema, options with { OnEvent = Note }).RunAsync(_stop.Token);
    }

    public static async Task<StandingWorker> StartAsync(string connectionString, WorkerOptions options, CancellationToken cancellationToken)
    {
        var worker = new StandingWorker(connectionString, options);
        await worker.UntilAsync(worker._joined.Task, cancellationToken);
        return worker;
    }

    /// <summary>Returns when so many more tasks have been completed.</summary>
    /// <exception cref="BenchException">One of them failed.</exception>
    public async Task CompleteAsync(int count, CancellationToken cancellationToken)
    {
        Task done;
        lock (_lock)
        {
            _left += count;
            _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            done = _done.Task;
            Settle();
        }

        await UntilAsync(done, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private void Note(WorkerEvent e)
    {
        switch (e)
        {
            case WorkerStarted:
                _joined.SetResult();
                break;
            case TaskFinished { State: TaskState.Completed }:
                lock (_lock)
                {
                    _left--;
                    Settle();
                }

                break;
            case TaskFinished f:
                _done.TrySetException(new BenchException($"Task {f.TaskId} ended as {f.State}, {f.Ended}: {f.Error?.Message}"));
                break;
        }
    }

    private void Settle()
    {
        if (_left <= 0)
        {
            _done.TrySetResult();
        }
    }

    /// <summary>A worker that breaks off tells why.</summary>
    private async Task UntilAsync(Task task, CancellationToken cancellationToken)
    {
        await await Task.WhenAny(task, _run).WaitAsync(cancellationToken);
        await task.WaitAsync(cancellationToken);
    }
}
