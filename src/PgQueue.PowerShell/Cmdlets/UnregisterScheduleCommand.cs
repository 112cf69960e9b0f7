using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Removes schedules. The tasks that they have added stay, finished or not.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "PqSchedule", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class UnregisterScheduleCommand : ScheduleChangeCmdlet
{
    private protected override string Action => "Unregister";

    private protected override void Change(IReadOnlyCollection<string> names) =>
        Await(token => Client.UnregisterSchedulesAsync(names, token));
}
