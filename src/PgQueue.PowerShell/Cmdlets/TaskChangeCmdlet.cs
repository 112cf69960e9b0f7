using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that changes tasks by their ids. Each is asked for before it is touched; they are sent in batches.</summary>
public abstract class TaskChangeCmdlet : QueueCmdlet
{
    private const int BatchSize = 1000;

    private readonly List<long> _batch = [];

    private protected TaskChangeCmdlet()
    {
    }

    /// <summary>The tasks' ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public long[] Id { get; set; } = [];

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

        if (_batch.Count >= BatchSize)
        {
            Send();
        }
    }

    private protected sealed override void End() => Send();

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
        foreach (var task in Read(ids).OrderBy(t => t.Id))
        {
            WriteObject(task);
        }
    }

    private void Send()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        var changed = Change(_batch);
        Explain([.. _batch.Except(changed)]);
        if (changed.Count > 0)
        {
            Emit(changed);
        }

        _batch.Clear();
    }

    private void Explain(IReadOnlyCollection<long> unchanged)
    {
        if (unchanged.Count == 0)
        {
            return;
        }

        var there = Read(unchanged).ToDictionary(t => t.Id);
        foreach (var id in unchanged)
        {
            if (there.TryGetValue(id, out var task))
            {
                ExplainUnchanged(task);
            }
            else
            {
                WriteTaskNotFound(id);
            }
        }
    }

    private IEnumerable<QueueTask> Read(IReadOnlyCollection<long> ids) =>
        Pull(token => Client.QueryAsync(new TaskQuery { Ids = ids }, token));
}
