using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets suspended schedules go on. What they missed meanwhile is made up for as their -Missed says.</summary>
[Cmdlet(VerbsLifecycle.Resume, "PqSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleInfo))]
public sealed class ResumeScheduleCommand : SchedulePauseCmdlet
{
    private protected override string Action => "Resume";

    private protected override Task PauseAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        Client.ResumeSchedulesAsync(names, cancellationToken);
}
