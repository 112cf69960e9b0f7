using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Deletes tasks with their output and history. A running one is an error: cancel it first.</summary>
[Cmdlet(VerbsCommon.Remove, "PqTask", SupportsShouldProcess = true)]
public sealed class RemoveTaskCommand : TaskChangeCmdlet
{
    private protected override string Action => "Delete";

    private protected override IReadOnlyCollection<long> Change(IReadOnlyCollection<long> ids) =>
        Await(token => Client.RemoveAsync(ids, token));

    private protected override void ExplainUnchanged(QueueTask task) => WriteItemError(
        "TaskRunning",
        ErrorCategory.InvalidOperation,
        $"Task {task.Id} is {task.State.ToString().ToLowerInvariant()} and was not deleted. Cancel it first with Stop-PqTask.",
        task.Id);
}
