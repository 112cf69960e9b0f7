using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets suspended schedules go on. What they missed meanwhile is made up for as their -Missed says.</summary>
[Cmdlet(VerbsLifecycle.Resume, "PqSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleInfo))]
public sealed class ResumeScheduleCommand : ScheduleChangeCmdlet
{
    /// <summary>Emit the schedules as they are then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string Action => "Resume";

    private protected override void Change(IReadOnlyCollection<string> names)
    {
        Await(token => Client.ResumeSchedulesAsync(names, token));
        if (PassThru)
        {
            WriteSchedules(names);
        }
    }
}
