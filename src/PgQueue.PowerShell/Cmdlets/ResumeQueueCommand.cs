using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets workers take tasks of suspended queues again.</summary>
[Cmdlet(VerbsLifecycle.Resume, "PqQueue", SupportsShouldProcess = true)]
[OutputType(typeof(QueueInfo))]
public sealed class ResumeQueueCommand : QueuePauseCmdlet
{
    private protected override bool Pauses => false;

    private protected override string Action => "Resume";
}
