using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What is told of a worker while it works: lines, and the tasks that it has finished. On the pipeline's thread only.</summary>
/// <param name="voice">Tells the lines.</param>
/// <param name="finished">Emits the tasks; null where lines tell of them.</param>
/// <param name="stopping">Canceled when the pipeline takes nothing any more.</param>
internal sealed class WorkerReport(WorkerVoice voice, FinishedTasks? finished, CancellationToken stopping)
{
    private bool _closed;

    /// <summary>How long <see cref="Pulse"/> may wait for the next event; infinite where there is nothing to do.</summary>
    public TimeSpan Wait => finished?.Wait ?? Timeout.InfiniteTimeSpan;

    public void Tell(WorkerEvent one)
    {
        if (finished is not null && !_closed && one is TaskFinished e && FinishedTasks.Takes(e))
        {
            finished.Add(e);
        }
        else
        {
            voice.Tell(one);
        }
    }

    /// <summary>Does what is due.</summary>
    public void Pulse()
    {
        if (finished?.Wait == TimeSpan.Zero)
        {
            EmitFinished();
        }
    }

    /// <summary>The worker has ended: emits what is left.</summary>
    public void End() => EmitFinished();

    /// <summary>Emits no more: lines tell of the tasks that end from now on.</summary>
    public void Close()
    {
        _closed = true;
        foreach (var one in finished?.TakeRest() ?? [])
        {
            voice.Tell(one);
        }
    }

    private void EmitFinished()
    {
        if (_closed || finished is null)
        {
            return;
        }

        try
        {
            stopping.ThrowIfCancellationRequested();
            finished.Read();
            finished.Emit();
        }
        catch (Exception e) when (e is PipelineStoppedException or OperationCanceledException && stopping.IsCancellationRequested)
        {
            Close();
        }
    }
}
