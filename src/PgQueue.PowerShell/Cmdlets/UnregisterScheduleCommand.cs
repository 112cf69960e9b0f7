using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Removes schedules. The tasks that they have added stay, finished or not.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "PqSchedule", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class UnregisterScheduleCommand : ScheduleChangeCmdlet
{
    private protected override bool Asks(string name) => ShouldProcess($"Schedule {name}", "Unregister");

    private protected override void Change(IReadOnlyCollection<string> names) =>
        Await(token => Client.UnregisterSchedulesAsync(names, token));
}
