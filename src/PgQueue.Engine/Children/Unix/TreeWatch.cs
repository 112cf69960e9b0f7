namespace PgQueue.Unix;

/// <summary>
/// Watches over the memory and the number of the processes of all running tasks, in a thread of its own that sleeps while
/// there are none. Ten times a second it looks how many processes the whole system has started; only where so many could
/// have brought a task over its limit are they counted. Memory is measured five times a second, where it is limited.
/// </summary>
/// <remarks>
/// What a task leaves running is watched as long as it is there, or a task could end at once and leave behind what
/// multiplies.
/// </remarks>
internal sealed class TreeWatch : ILimitWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly TreeCensus _census;
    private readonly int? _processLimit;
    private readonly EventSink _events;
    private readonly Lock _lock = new();
    private readonly List<WatchedTree> _trees = [];
    private readonly AutoResetEvent _wake = new(false);
    private Thread? _thread;
    private bool _asleep;
    private bool _closing;
    private bool _measured;

    /// <param name="workerMark">The part of the children's mark that is the worker's.</param>
    /// <param name="processLimit">The limit of tasks that have none of their own; none where null or 0.</param>
    /// <param name="events">Told of what was ended that no task answers for.</param>
    public TreeWatch(string workerMark, int? processLimit, EventSink events)
    {
        _census = new TreeCensus(workerMark);
        _processLimit = processLimit is 0 ? null : processLimit;
        _events = events;
    }

    public IAsyncDisposable Watch(IChildProcess child, RunControl control)
    {
        var limit = control.Task.ProcessLimit ?? _processLimit;
        if (limit is null && control.Task.MemoryLimit is null)
        {
            return NothingToEnd.Instance;
        }

        var tree = new WatchedTree(child, control, limit);
        lock (_lock)
        {
            _trees.Add(tree);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "PgQueue limits" };
                _thread.Start();
            }
            else if (_asleep)
            {
                _asleep = false;
                _wake.Set();
            }
        }

        return tree;
    }

    public void Dispose()
    {
        Volatile.Write(ref _closing, true);
        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        GoFirst();
        while (!Volatile.Read(ref _closing))
        {
            try
            {
                Look();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // No descriptor is free at the moment: the worker must live on, and the next look may succeed.
            }

            lock (_lock)
            {
                _asleep = _trees.Count == 0;
            }

            _wake.WaitOne(_asleep ? Timeout.InfiniteTimeSpan : Interval);
        }
    }

    /// <summary>
    /// A thousand runnable processes leave one of the usual priority a thousandth of the time, too little to stop them
    /// all. Where the system does not allow more (root, or an RLIMIT_RTPRIO of 1, may have it), so be it.
    /// </summary>
    private static unsafe void GoFirst()
    {
        var lowest = 1;
        _ = LibC.pthread_setschedparam(LibC.pthread_self(), LibC.SCHED_RR | LibC.SCHED_RESET_ON_FORK, &lowest);
    }

    private void Look()
    {
        // Before the count: what is started from here on is counted, or seen as growth the next time.
        var number = ProcessTable.LastNumber();
        List<WatchedTree> trees;
        lock (_lock)
        {
            trees = [.. _trees];
        }

        _measured = !_measured && trees.Any(t => t.MemoryLimit is not null);
        if (_measured || trees.Any(t => t.IsDue(number)))
        {
            Count(trees, number);
        }
    }

    private void Count(List<WatchedTree> trees, int number)
    {
        trees.ForEach(t => t.BeginCount());
        var holdings = _census.Take();
        foreach (var tree in trees)
        {
            var held = holdings.GetValueOrDefault(tree.Number);
            (tree.Processes, tree.CountedAt) = (held.Processes, number);
            if (held.Processes > tree.ProcessLimit && !tree.IsOver)
            {
                End(tree);
            }
            else if (held.Memory > tree.MemoryLimit)
            {
                tree.Control.Stop(StopReason.Memory);
            }
        }

        lock (_lock)
        {
            _trees.RemoveAll(t => t.IsGone);
        }
    }

    /// <summary>Stops it at once and here: what comes later has to share the processors with all that was started.</summary>
    private void End(WatchedTree tree)
    {
        ProcessTree.Freeze(tree.Child.Exited.IsCompleted ? null : tree.Child.Id, tree.Child.Mark, readEnvironments: false);
        tree.IsOver = true;
        _ = Task.Run(() => FinishOffAsync(tree, new ProcessExcess(tree.Processes, tree.ProcessLimit!.Value, tree.Control.Task.ProcessLimit is null)));
    }

    private Task FinishOffAsync(WatchedTree tree, ProcessExcess excess)
    {
        if (tree.HasEnded)
        {
            _events.Raise(new WorkerWarning($"What task {tree.Control.Task.Id} had left running grew to {excess.Seen:N0} processes, more than its limit of {excess.Limit:N0}: all of it is ended."));
        }
        else
        {
            tree.Control.Stop(excess);
        }

        // Also where the run ends by itself in this moment: nothing must stay behind that was stopped.
        return tree.Child.KillTreeAsync();
    }
}
