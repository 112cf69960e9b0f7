using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Emits the tasks that a worker has finished, in the order of their ends as far as they are read together: in batches, ten
/// times a second at the most. One that ends alone is read at once. To be used on the pipeline's thread only.
/// </summary>
/// <param name="cmdlet">Who emits them.</param>
/// <param name="read">Reads tasks by their ids, in no order; null where the database stays away for too long.</param>
internal sealed class FinishedTasks(Cmdlet cmdlet, Func<IReadOnlyCollection<long>, IReadOnlyCollection<QueueTask>?> read)
{
    private const int MostAtOnce = 1000;

    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);

    private readonly List<TaskFinished> _ended = [];
    private readonly Queue<(TaskFinished End, QueueTask Task)> _read = [];
    private long _readAt = Environment.TickCount64 - (long)Gather.TotalMilliseconds;

    /// <summary>True for an end that is one for good, and is emitted.</summary>
    public static bool Takes(TaskFinished e) => !e.GivenBack && e.State is TaskState.Completed or TaskState.Failed or TaskState.Canceled;

    /// <summary>How long the next look may wait; null where there is nothing to look at.</summary>
    public TimeSpan? Wait
    {
        get
        {
            if (_ended.Count == 0)
            {
                return null;
            }

            var left = Gather - TimeSpan.FromMilliseconds(Environment.TickCount64 - _readAt);
            return _ended.Count >= MostAtOnce || left < TimeSpan.Zero ? TimeSpan.Zero : left;
        }
    }

    /// <summary>True where some are read and not yet emitted.</summary>
    public bool HasRead => _read.Count > 0;

    public void Add(TaskFinished e) => _ended.Add(e);

    /// <summary>Reads those that have ended, to be emitted next.</summary>
    public void Read()
    {
        while (_ended.Count > 0)
        {
            var batch = _ended.Take(MostAtOnce).ToList();
            var found = read([.. batch.Select(e => e.TaskId).Distinct()])?.ToDictionary(task => task.Id);
            _ended.RemoveRange(0, batch.Count);
            Warn(batch, found);

            // The worker's threads may tell of two ends in the wrong order.
            foreach (var next in batch
                .Where(e => found?.ContainsKey(e.TaskId) ?? false)
                .Select(e => (End: e, Task: AtItsEnd(found![e.TaskId], e)))
                .OrderBy(next => next.Task.FinishedAt))
            {
                _read.Enqueue(next);
            }
        }

        _readAt = Environment.TickCount64;
    }

    /// <summary>Emits those that were read.</summary>
    public void Emit()
    {
        while (_read.TryDequeue(out var next))
        {
            cmdlet.WriteObject(next.Task);
        }
    }

    /// <summary>Those that nobody has taken: the pipeline has ended before.</summary>
    public IReadOnlyList<TaskFinished> TakeRest()
    {
        List<TaskFinished> rest = [.. _read.Select(next => next.End), .. _ended];
        _read.Clear();
        _ended.Clear();
        return rest;
    }

    /// <summary>One that somebody has restarted meanwhile is shown as it ended all the same.</summary>
    private static QueueTask AtItsEnd(QueueTask task, TaskFinished e) => task.IsFinished
        ? task
        : task with { State = e.State, Ended = e.Ended, Error = e.Error, Attempt = e.Attempt, FinishedAt = e.At };

    private void Warn(List<TaskFinished> batch, Dictionary<long, QueueTask>? found)
    {
        var missing = batch.Where(e => found is null || !found.ContainsKey(e.TaskId)).Select(e => $"{e.TaskId} ({e.State})").ToList();
        if (missing.Count > 0)
        {
            cmdlet.WriteWarning(found is null
                ? $"{missing.Count} finished tasks could not be read, as the database is away: {FirstTen.Of(missing)}."
                : $"{missing.Count} finished tasks were removed before they could be read: {FirstTen.Of(missing)}.");
        }
    }
}
