using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets queues' tasks wait, over all workers, until Resume-PqQueue. Those that run go on, and tasks can be added.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "PqQueue", SupportsShouldProcess = true)]
[OutputType(typeof(QueueInfo))]
public sealed class SuspendQueueCommand : QueuePauseCmdlet
{
    private protected override bool Pauses => true;

    private protected override string Action => "Suspend";
}
