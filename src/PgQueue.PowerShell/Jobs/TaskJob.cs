using System.ComponentModel;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// A task as a job of this session: Get-Job, Wait-Job, Receive-Job, Stop-Job and Remove-Job work on it. To stop it cancels
/// the task; to remove it leaves the task where it is.
/// </summary>
public sealed partial class TaskJob : Job2
{
    private const string TypeName = "PqTask";

    private readonly JobFollower _follower;
    private readonly Inbox _inbox;
    private readonly JobStreams _streams;
    private readonly TaskBars _bars;
    private readonly string _server;
    private QueueTask _task;
    private string? _worker;
    private int _stopping;
    private bool _detached;

    internal TaskJob(JobFollower follower, QueueTask task, string server)
        : base(TaskLabel.Work(task), task.Name ?? $"{TypeName}{task.Id}")
    {
        _follower = follower;
        _inbox = new Inbox(Fail);
        _task = task;
        _server = server;
        _streams = new JobStreams(this);
        _streams.NeverBlock();
        _bars = new TaskBars(_streams, named: false);
        PSJobTypeName = TypeName;
    }

    /// <summary>The task's id. The job's own Id is a number of this session.</summary>
    public long TaskId => _task.Id;

    /// <summary>The queue the task is in.</summary>
    public string Queue => _task.Queue;

    /// <summary>The worker that runs the task, or ran it last; the server while it waits.</summary>
    public override string Location => _worker ?? _server;

    /// <summary>Why nothing is heard of the task: the connection is lost, or the job was detached. Empty otherwise.</summary>
    public override string StatusMessage => _detached
        ? $"Task {TaskId} is not followed any more; it goes on."
        : IsOver ? "" : _follower.Trouble ?? "";

    /// <summary>True until the task has ended and all that it wrote has been received.</summary>
    public override bool HasMoreData => (!IsOver && !_detached) || _streams.HaveData;

    private bool IsOver => JobStateInfo.State is JobState.Completed or JobState.Failed or JobState.Stopped;

    /// <summary>Follows the task no more and lets it go on. The state is Disconnected then.</summary>
    public void Detach()
    {
        _follower.Remove(this);
        Detached();
    }

    /// <summary>Cancels the task, and returns when it has ended.</summary>
    public override void StopJob()
    {
        StopJobAsync();
        Finished.WaitOne();
    }

    /// <summary>Cancels the task, and returns when it has ended.</summary>
    /// <param name="force">Changes nothing: what a task leaves behind is always ended.</param>
    /// <param name="reason">Why, for whoever looks at the task later.</param>
    public override void StopJob(bool force, string reason)
    {
        StopJobAsync(force, reason);
        Finished.WaitOne();
    }

    /// <summary>Cancels the task. StopJobCompleted tells when it has ended.</summary>
    public override void StopJobAsync() => StopJobAsync(force: false, null!);

    /// <summary>Cancels the task. StopJobCompleted tells when it has ended.</summary>
    /// <param name="force">Changes nothing: what a task leaves behind is always ended.</param>
    /// <param name="reason">Why, for whoever looks at the task later.</param>
    public override void StopJobAsync(bool force, string reason)
    {
        Interlocked.Exchange(ref _stopping, 1);
        _inbox.Post(() =>
        {
            if (_detached)
            {
                // Nobody asks for the task's end any more; the job's is all that there is to have.
                SetJobState(JobState.Stopped);
            }

            if (IsOver)
            {
                TellStopped();
            }
            else
            {
                SetJobState(JobState.Stopping);
                _follower.Cancel(TaskId, reason);
            }
        });
    }

    /// <summary>Not there: workers start tasks.</summary>
    public override void StartJob() => throw NotThere("start", "A worker starts it; to run it again: Restart-PqTask.");

    /// <summary>Not there: workers start tasks.</summary>
    public override void StartJobAsync() => StartJob();

    /// <summary>Not there: a task can't be suspended.</summary>
    public override void SuspendJob() => throw NotThere("suspend", "Suspend-PqQueue keeps a queue's tasks from being started.");

    /// <summary>Not there: a task can't be suspended.</summary>
    /// <param name="force">Nothing.</param>
    /// <param name="reason">Nothing.</param>
    public override void SuspendJob(bool force, string reason) => SuspendJob();

    /// <summary>Not there: a task can't be suspended.</summary>
    public override void SuspendJobAsync() => SuspendJob();

    /// <summary>Not there: a task can't be suspended.</summary>
    /// <param name="force">Nothing.</param>
    /// <param name="reason">Nothing.</param>
    public override void SuspendJobAsync(bool force, string reason) => SuspendJob();

    /// <summary>Not there: a task can't be suspended.</summary>
    public override void ResumeJob() => throw NotThere("resume", "It was never suspended.");

    /// <summary>Not there: a task can't be suspended.</summary>
    public override void ResumeJobAsync() => ResumeJob();

    /// <summary>Not there: a task asks nobody.</summary>
    public override void UnblockJob() => throw NotThere("unblock", "It waits for nobody's answer.");

    /// <summary>Not there: a task asks nobody.</summary>
    public override void UnblockJobAsync() => UnblockJob();

    /// <summary>Stops following the task, which stays as it is.</summary>
    /// <param name="disposing">True where it is not the collector that asks.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _follower.Remove(this);
            _inbox.Close();
        }

        base.Dispose(disposing);
    }

    private static PSNotSupportedException NotThere(string what, string instead) => new($"A task's job has no way to {what} it. {instead}");

    private void TellStopped()
    {
        if (Interlocked.Exchange(ref _stopping, 0) == 1)
        {
            OnStopJobCompleted(new AsyncCompletedEventArgs(null, cancelled: false, this));
        }
    }
}
