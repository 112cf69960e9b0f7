namespace PgQueue.PowerShell;

/// <summary>A cmdlet that changes tasks by their ids. Each is asked for before it is touched; they are sent in batches.</summary>
public abstract class TaskChangeCmdlet : TaskIdCmdlet
{
    private readonly TaskIdBatch _batch;

    private protected TaskChangeCmdlet() => _batch = new(this, Change, ExplainUnchanged, Emit);

    /// <summary>What is done, for -WhatIf and -Confirm.</summary>
    private protected abstract string Action { get; }

    private protected sealed override void Process()
    {
        foreach (var id in Id)
        {
            if (ShouldProcess($"Task {id}", Action))
            {
                _batch.Add(id);
            }
        }
    }

    private protected sealed override void End() => _batch.Send();

    /// <summary>Changes a batch.</summary>
    /// <returns>The ids that were changed.</returns>
    private protected abstract IReadOnlyCollection<long> Change(IReadOnlyCollection<long> ids);

    /// <summary>Says why a task that is there was not changed.</summary>
    private protected abstract void ExplainUnchanged(QueueTask task);

    /// <summary>Emits the tasks that were changed, where that is asked for.</summary>
    private protected virtual void Emit(IReadOnlyCollection<long> changed)
    {
    }

    private protected void WriteTasks(IReadOnlyCollection<long> ids)
    {
        foreach (var task in ReadTasks(ids).OrderBy(t => t.Id))
        {
            WriteObject(task);
        }
    }
}
