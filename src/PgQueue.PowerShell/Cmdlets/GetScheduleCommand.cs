using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The schedules: when they run next, and how their last run ended.</summary>
[Cmdlet(VerbsCommon.Get, "PqSchedule")]
[OutputType(typeof(ScheduleInfo))]
public sealed class GetScheduleCommand : ScheduleCmdlet
{
    /// <summary>Schedules of these names; * and ? are wildcards.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [NameFrom("Schedule")]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Schedules in these states.</summary>
    [Parameter]
    public ScheduleState[]? State { get; set; }

    private protected override void Process()
    {
        foreach (var schedule in Find(Name ?? ["*"]))
        {
            if (State?.Contains(schedule.State) is not false)
            {
                WriteObject(schedule);
            }
        }
    }
}
