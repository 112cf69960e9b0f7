using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// What tasks wrote: a script's objects as Receive-Job returns them, a method's result, a command's lines. Errors,
/// warnings and the other streams are written as such. Nothing is used up: it can be received again.
/// </summary>
[Cmdlet(VerbsCommunications.Receive, "PqTask", DefaultParameterSetName = NowSet)]
[OutputType(typeof(object))]
public sealed partial class ReceiveTaskCommand : TaskIdCmdlet
{
    private const string NowSet = "Now";
    private const string FollowSet = "Follow";

    private readonly List<long> _followed = [];

    /// <summary>
    /// Write what the tasks write as they write it, with their progress bars, until all have finished for good. One that
    /// waits is waited for, further attempts are followed. Ctrl+C leaves the tasks as they are.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = FollowSet)]
    public SwitchParameter Follow { get; set; }

    /// <summary>Only these streams: Output, Error, Warning, Verbose, Information, Debug, Progress. Default: all.</summary>
    [Parameter]
    public TaskStream[]? Stream { get; set; }

    /// <summary>The number of an older run, as Get-PqTask -Attempts shows it. Default: the last one.</summary>
    [Parameter(ParameterSetName = NowSet)]
    [ValidateRange(1, int.MaxValue)]
    public int? Run { get; set; }

    private protected override string? NotInTransaction => Follow ? "-Follow waits, and no worker sees its tasks before the commit" : null;

    private protected override void Process()
    {
        if (Follow)
        {
            _followed.AddRange(Id);
            return;
        }

        foreach (var id in Id)
        {
            if (Await(token => Client.GetAsync(id, token)) is { } task)
            {
                Receive(task);
            }
            else
            {
                WriteTaskNotFound(id);
            }
        }
    }

    private protected override void End()
    {
        if (_followed.Count > 0)
        {
            FollowAll([.. _followed.Distinct()]);
        }
    }

    private void Receive(QueueTask task)
    {
        var attempt = Run is null || Run == task.Run ? null : OlderRun(task);
        if (Run is not null && Run != task.Run && attempt is null)
        {
            WriteItemError(
                "RunNotFound", ErrorCategory.ObjectNotFound, $"There is no run {Run} of task {task.Id}. Get-PqTask {task.Id} -Attempts lists them.", task.Id);
            return;
        }

        var replay = new StreamReplay(this, task, Stream, bars: null);
        foreach (var record in Pull(token => Client.ReadOutputAsync(task.Id, Run, cancellationToken: token)))
        {
            replay.Write(record);
        }

        if (attempt is null)
        {
            replay.WriteResult(task.Result);
        }

        if ((attempt is null ? task.State == TaskState.Failed ? task.Error : null : attempt.Error) is { } error)
        {
            replay.WriteEnd(error);
        }
    }

    private TaskAttempt? OlderRun(QueueTask task) => Pull(token => Client.GetAttemptsAsync([task.Id], token)).FirstOrDefault(a => a.Run == Run);
}
