namespace PgQueue.PowerShell;

/// <summary>The jobs that a follower has, and what it is to do at its next look. Filled by the session, emptied by the follower.</summary>
internal sealed class JobOrders
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskJob> _jobs = [];
    private readonly HashSet<long> _added = [];
    private readonly HashSet<long> _removed = [];
    private readonly Dictionary<long, string?> _canceled = [];
    private bool _isFollowed;
    private bool _isClosed;

    /// <summary>The job of a task; null where there is none.</summary>
    public TaskJob? Find(long task)
    {
        lock (_gate)
        {
            return _jobs.GetValueOrDefault(task);
        }
    }

    /// <summary>The job that what was just learned of a task is for; null where it was ordered after that look.</summary>
    public TaskJob? Followed(long task)
    {
        lock (_gate)
        {
            return _added.Contains(task) ? null : _jobs.GetValueOrDefault(task);
        }
    }

    /// <returns>True where a follower must be started.</returns>
    public bool Add(TaskJob job)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _jobs.Add(job.TaskId, job);
            _added.Add(job.TaskId);
            (var was, _isFollowed) = (_isFollowed, true);
            return !was;
        }
    }

    public void Remove(TaskJob job)
    {
        lock (_gate)
        {
            if (_jobs.GetValueOrDefault(job.TaskId) == job)
            {
                _jobs.Remove(job.TaskId);
                _added.Remove(job.TaskId);
                _canceled.Remove(job.TaskId);
                _removed.Add(job.TaskId);
            }
        }
    }

    /// <summary>The job of a task that has ended, which is followed no more.</summary>
    public TaskJob? End(long task)
    {
        lock (_gate)
        {
            if (_added.Contains(task) || !_jobs.Remove(task, out var job))
            {
                return null;
            }

            _canceled.Remove(task);
            return job;
        }
    }

    public void Cancel(long task, string? reason)
    {
        lock (_gate)
        {
            if (_jobs.ContainsKey(task))
            {
                _canceled[task] = reason;
            }
        }
    }

    /// <summary>The tasks to cancel, by the reason given.</summary>
    public IReadOnlyList<(string? Reason, IReadOnlyList<long> Tasks)> Canceled()
    {
        lock (_gate)
        {
            return [.. _canceled.GroupBy(c => c.Value).Select(g => (g.Key, (IReadOnlyList<long>)[.. g.Select(c => c.Key)]))];
        }
    }

    public void WereCanceled(IEnumerable<long> tasks)
    {
        lock (_gate)
        {
            foreach (var task in tasks)
            {
                _canceled.Remove(task);
            }
        }
    }

    /// <summary>Hands what has changed to a follower.</summary>
    /// <param name="follower">The follower.</param>
    /// <param name="known">What the jobs have been told of; a new job of the same task has been told nothing.</param>
    /// <returns>False where there is nothing to follow any more.</returns>
    public bool Hand(TaskFollower follower, HashSet<long> known)
    {
        lock (_gate)
        {
            foreach (var task in _removed)
            {
                follower.Remove(task);
            }

            follower.Add(_added);
            known.ExceptWith(_added);
            _removed.Clear();
            _added.Clear();
            return _isFollowed = _jobs.Count > 0;
        }
    }

    /// <summary>All jobs; they are followed no more.</summary>
    public IReadOnlyList<TaskJob> TakeAll()
    {
        lock (_gate)
        {
            var jobs = _jobs.Values.ToList();
            _jobs.Clear();
            _added.Clear();
            _removed.Clear();
            _canceled.Clear();
            _isFollowed = false;
            return jobs;
        }
    }

    /// <summary>All jobs; none can be added any more.</summary>
    public IReadOnlyList<TaskJob> Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            return TakeAll();
        }
    }
}
