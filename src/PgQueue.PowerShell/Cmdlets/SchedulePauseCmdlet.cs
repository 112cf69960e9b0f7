using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that suspends schedules or resumes them.</summary>
public abstract class SchedulePauseCmdlet : ScheduleChangeCmdlet
{
    private protected SchedulePauseCmdlet()
    {
    }

    /// <summary>Emit the schedules as they are then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected abstract Task PauseAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    private protected sealed override void Change(IReadOnlyCollection<string> names)
    {
        Await(token => PauseAsync(names, token));
        if (PassThru)
        {
            WriteSchedules(names);
        }
    }
}
