namespace PgQueue.PowerShell;

/// <summary>Ids of tasks to change, sent many at a time, with an error for each that was not changed.</summary>
/// <param name="cmdlet">Who changes them.</param>
/// <param name="change">Changes them, and returns the ids of those that were.</param>
/// <param name="explain">Says why a task that is there was not changed.</param>
/// <param name="emit">Emits those that were changed, where that is asked for.</param>
internal sealed class TaskIdBatch(
    QueueCmdlet cmdlet,
    Func<IReadOnlyCollection<long>, IReadOnlyCollection<long>> change,
    Action<QueueTask> explain,
    Action<IReadOnlyCollection<long>> emit)
{
    private const int Size = 1000;

    private readonly List<long> _ids = [];

    /// <summary>Takes an id, and sends what there is when that is enough.</summary>
    public void Add(long id)
    {
        _ids.Add(id);
        if (_ids.Count >= Size)
        {
            Send();
        }
    }

    /// <summary>Sends what there is.</summary>
    public void Send()
    {
        if (_ids.Count == 0)
        {
            return;
        }

        var changed = change(_ids);
        Explain([.. _ids.Except(changed)]);
        if (changed.Count > 0)
        {
            emit(changed);
        }

        _ids.Clear();
    }

    private void Explain(IReadOnlyCollection<long> unchanged)
    {
        if (unchanged.Count == 0)
        {
            return;
        }

        var there = cmdlet.ReadTasks(unchanged).ToDictionary(t => t.Id);
        foreach (var id in unchanged)
        {
            if (there.TryGetValue(id, out var task))
            {
                explain(task);
            }
            else
            {
                cmdlet.WriteTaskNotFound(id);
            }
        }
    }
}
