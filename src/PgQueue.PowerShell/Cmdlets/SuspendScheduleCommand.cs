using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Stops schedules until Resume-PqSchedule. What they have running goes on.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "PqSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleInfo))]
public sealed class SuspendScheduleCommand : SchedulePauseCmdlet
{
    private protected override string Action => "Suspend";

    private protected override Task PauseAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        Client.SuspendSchedulesAsync(names, cancellationToken);
}
