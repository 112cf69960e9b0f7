namespace PgQueue.PowerShell;

/// <summary>
/// Runs what is posted, one after the other, on the pool's threads. Whoever posts never waits: a reader of a job's streams
/// may hold up whoever fills them, and must not hold up the other jobs.
/// </summary>
/// <param name="failed">What to do where one of them fails.</param>
internal sealed class Inbox(Action<Exception> failed)
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _work = [];
    private bool _busy;
    private bool _closed;

    /// <summary>Runs an action when all that was posted before is done; nothing where it has been closed.</summary>
    public void Post(Action work)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _work.Enqueue(work);
            if (_busy)
            {
                return;
            }

            _busy = true;
        }

        ThreadPool.QueueUserWorkItem(static inbox => inbox.Run(), this, preferLocal: false);
    }

    /// <summary>Forgets what waits. What runs may still run for a moment.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _work.Clear();
        }
    }

    private void Run()
    {
        while (Next() is { } work)
        {
            try
            {
                work();
            }
            catch (InvalidOperationException) when (_closed)
            {
                // The job was removed meanwhile, and its streams with it.
            }
            catch (Exception e)
            {
                // Nobody else would hear of it, and it would end the process.
                failed(e);
            }
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            _busy = _work.TryDequeue(out var work);
            return work;
        }
    }
}
