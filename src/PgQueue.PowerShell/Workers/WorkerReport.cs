using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// What is told of a worker while it works: lines, the tasks that it has finished, and in a terminal a view of what it does.
/// Where there is a view, what scrolls above it is gathered for its next frame. On the pipeline's thread only.
/// </summary>
/// <param name="voice">Tells the lines.</param>
/// <param name="finished">Emits the tasks; null where lines tell of them.</param>
/// <param name="view">The view; null where there is no terminal.</param>
/// <param name="key">Ends the worker and lets the tasks through that it still finishes; null where there is no keyboard.</param>
/// <param name="stopping">Canceled when the pipeline takes nothing any more.</param>
internal sealed class WorkerReport(WorkerVoice voice, FinishedTasks? finished, WorkerView? view, BreakKey? key, CancellationToken stopping)
{
    private readonly List<WorkerEvent> _gathered = [];
    private WorkerView? _view = view;
    private bool _closed;

    /// <summary>How long <see cref="Pulse"/> may wait for the next event; infinite where there is nothing to do.</summary>
    public TimeSpan Wait => Soonest(_view?.Wait, finished?.Wait, key?.Wait);

    public void Tell(WorkerEvent one)
    {
        _view?.Note(one);
        if (finished is not null && !_closed && one is TaskFinished e && FinishedTasks.Takes(e))
        {
            finished.Add(e);
        }
        else if (_view is null)
        {
            voice.Tell(one);
        }
        else if (one is not (TaskDropped or TaskStarted) || voice.TellsStarts)
        {
            _gathered.Add(one);
        }
    }

    /// <summary>True once after somebody has pressed the key.</summary>
    public bool WantsEnd()
    {
        key?.Arm();
        return key?.WasPressed() ?? false;
    }

    /// <summary>Does what is due.</summary>
    public void Pulse()
    {
        if (_view is not null && stopping.IsCancellationRequested)
        {
            RemoveView();
        }

        var frame = _view?.Wait == TimeSpan.Zero;
        if (finished?.Wait == TimeSpan.Zero)
        {
            EmitFinished();
        }

        if (frame && _view is { } view)
        {
            TellGathered();
            view.Draw();
        }
    }

    /// <summary>The database is away, or back: makes room for a line that says so, and gives back the key, as that may last.</summary>
    public void Interrupt()
    {
        key?.Disarm();
        _view?.Clear();
    }

    /// <summary>The worker has ended: tells and emits what is left.</summary>
    public void End()
    {
        EmitFinished();
        RemoveView();
        key?.Disarm();
    }

    /// <summary>Emits and draws no more: lines tell of the tasks that end from now on.</summary>
    public void Close()
    {
        _closed = true;
        key?.Disarm();
        RemoveView();
        foreach (var one in finished?.TakeRest() ?? [])
        {
            voice.Tell(one);
        }
    }

    private static TimeSpan Soonest(params ReadOnlySpan<TimeSpan?> times)
    {
        var soonest = Timeout.InfiniteTimeSpan;
        foreach (var time in times)
        {
            if (time is { } wait && wait != Timeout.InfiniteTimeSpan && (soonest == Timeout.InfiniteTimeSpan || wait < soonest))
            {
                soonest = wait;
            }
        }

        return soonest;
    }

    private void RemoveView()
    {
        _view?.Dispose();
        _view = null;
        TellGathered();
    }

    private void TellGathered()
    {
        if (_gathered.Count > 0)
        {
            _view?.Lift();
            List<WorkerEvent> all = [.. _gathered];
            _gathered.Clear();
            all.ForEach(voice.Tell);
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
            if (finished.HasRead)
            {
                _view?.Clear();
                TellGathered();
                key?.Disarm();
                finished.Emit();
                key?.Arm();
                _view?.Draw();
            }
        }
        catch (Exception e) when (e is PipelineStoppedException or OperationCanceledException && stopping.IsCancellationRequested)
        {
            Close();
        }
    }
}
