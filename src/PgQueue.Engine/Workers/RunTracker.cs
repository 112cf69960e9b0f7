using System.Collections.Concurrent;

namespace PgQueue;

/// <summary>The runs under way, to be waited for.</summary>
internal sealed class RunTracker
{
    private readonly ConcurrentDictionary<Task, bool> _runs = new();

    public int Count => _runs.Count;

    public void Track(Task run)
    {
        _runs[run] = true;
        _ = run.ContinueWith(done => _runs.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public Task AllAsync() => Task.WhenAll(_runs.Keys);
}
