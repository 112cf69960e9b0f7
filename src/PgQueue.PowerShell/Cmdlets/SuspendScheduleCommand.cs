using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Stops schedules until Resume-PqSchedule. What they have running goes on.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "PqSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleInfo))]
public sealed class SuspendScheduleCommand : ScheduleChangeCmdlet
{
    /// <summary>Emit the schedules as they are then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string Action => "Suspend";

    private protected override void Change(IReadOnlyCollection<string> names)
    {
        Await(token => Client.SuspendSchedulesAsync(names, token));
        if (PassThru)
        {
            WriteSchedules(names);
        }
    }
}
