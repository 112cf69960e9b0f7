using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Deletes completed tasks with their output and history.</summary>
[Cmdlet(VerbsCommon.Clear, "PqCompleted", SupportsShouldProcess = true)]
[OutputType(typeof(long))]
public sealed class ClearCompletedCommand : ClearTaskCmdlet
{
    private protected override TaskState State => TaskState.Completed;
}
