using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace PgQueue.PowerShell;

/// <content>What its follower tells of the task. All of it is done in its order, apart from the follower's thread.</content>
public sealed partial class TaskJob
{
    private int _run;

    /// <summary>A worker runs it.</summary>
    internal void Running() => Post(() => Show(JobState.Running));

    /// <summary>It waits: for its first run, or for the next.</summary>
    internal void Waits() => Post(() =>
    {
        _worker = null;
        Show(JobState.NotStarted);
    });

    /// <summary>How it stands in a run.</summary>
    internal void Stands(QueueTask task) => Post(() =>
    {
        _task = task;
        _worker = task.Worker;
        PSBeginTime = task.StartedAt;
    });

    /// <summary>What it has written.</summary>
    internal void Wrote(IReadOnlyList<TaskOutput> records) => Post(() =>
    {
        var replay = new StreamReplay(_streams, _task, null, _bars);
        foreach (var record in records)
        {
            if (_run != record.Run && _run != 0)
            {
                _bars.Close(TaskId);
                _streams.WriteVerbose($"Task {TaskId}: what follows is of its run {record.Run}.");
            }

            _run = record.Run;
            replay.Write(record);
        }
    });

    /// <summary>It has finished for good.</summary>
    internal void Finish(QueueTask task) => Post(() =>
    {
        _task = task;
        _worker = task.Worker;
        _bars.Close(TaskId);
        PSBeginTime = task.StartedAt;
        new StreamReplay(_streams, task, null, bars: null).WriteResult(task.Result);
        switch (task.State)
        {
            case TaskState.Completed:
                End(JobState.Completed, null);
                break;
            case TaskState.Canceled:
                _streams.WriteWarning($"Task {TaskId} was canceled: {task.Error}");
                End(JobState.Stopped, null);
                break;
            default:
                End(JobState.Failed, new TaskFailedException(TaskErrors.From(task.Error ?? new TaskError { Message = $"It ended as {task.Ended}." }, task)));
                break;
        }

        PSEndTime = task.FinishedAt;
    });

    /// <summary>Nothing more can be learned of it.</summary>
    internal void Break(Exception reason) => Post(() =>
    {
        _bars.Close(TaskId);
        End(JobState.Failed, reason);
    });

    /// <summary>Nobody follows it any more.</summary>
    internal void Detached() => Post(() =>
    {
        if (!IsOver)
        {
            _bars.Close(TaskId);
            _detached = true;
            SetJobState(JobState.Disconnected);
            TellStopped();
        }
    });

    /// <summary>What the task has written can't be read, or the like.</summary>
    private void Fail(Exception reason)
    {
        _follower.Remove(this);
        if (!IsOver)
        {
            End(JobState.Failed, reason);
        }
    }

    private void Post(Action news) => _inbox.Post(news);

    /// <summary>A job that is being stopped shows that until the end.</summary>
    private void Show(JobState state)
    {
        if (JobStateInfo.State is not JobState.Stopping && JobStateInfo.State != state)
        {
            SetJobState(state);
        }
    }

    private void End(JobState state, Exception? reason)
    {
        SetStateWithReason(this, state, reason);
        TellStopped();
    }

    // Every Job2 has it, and documents it; the reference assembly has left it out.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "SetJobState")]
    private static extern void SetStateWithReason(Job2 job, JobState state, Exception? reason);
}
