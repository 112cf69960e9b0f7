using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Deletes failed tasks with their output and history.</summary>
[Cmdlet(VerbsCommon.Clear, "PqFailed", SupportsShouldProcess = true)]
[OutputType(typeof(long))]
public sealed class ClearFailedCommand : ClearTaskCmdlet
{
    private protected override TaskState State => TaskState.Failed;
}
