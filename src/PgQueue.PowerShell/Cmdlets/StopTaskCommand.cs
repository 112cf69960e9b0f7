using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Cancels tasks. A waiting one ends at once; of a running one the process tree is ended by its worker, a moment later.
/// One that has finished already stays as it is.
/// </summary>
[Cmdlet(VerbsLifecycle.Stop, "PqTask", SupportsShouldProcess = true)]
[OutputType(typeof(QueueTask))]
public sealed class StopTaskCommand : TaskChangeCmdlet
{
    /// <summary>Why, for whoever looks at the task later.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Reason { get; set; }

    /// <summary>Emit the tasks as they are then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string Action => "Cancel";

    private protected override IReadOnlyCollection<long> Change(IReadOnlyCollection<long> ids) =>
        [.. Await(token => Client.CancelAsync(ids, Reason, token)).Select(t => t.Key)];

    private protected override void ExplainUnchanged(QueueTask task) =>
        WriteVerbose($"Task {task.Id} has finished already: {task.State}.");

    private protected override void Emit(IReadOnlyCollection<long> changed)
    {
        if (PassThru)
        {
            WriteTasks(changed);
        }
    }
}
