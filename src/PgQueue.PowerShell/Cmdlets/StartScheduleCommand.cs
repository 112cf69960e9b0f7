using System.Management.Automation;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>
/// Adds a task of a schedule now, apart from its rhythm, be it suspended or not. It waits for those that the schedule has
/// unfinished, unless its -Overlap is Allow.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "PqSchedule")]
[OutputType(typeof(AddedTask))]
public sealed class StartScheduleCommand : ScheduleCmdlet
{
    /// <summary>The schedules' names; * and ? are wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [NameFrom("Schedule")]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    public string[] Name { get; set; } = [];

    private protected override void Process()
    {
        foreach (var schedule in Find(Name))
        {
            var added = Await(token => Client.StartScheduleAsync(schedule.Name, token));
            var task = JsonNode.Parse(schedule.Task);
            WriteObject(new AddedTask
            {
                Id = added.Id,
                Name = (string?)task!["name"] ?? schedule.Name,
                Queue = (string?)task["queue"] ?? "default",
                Existing = added.Existing,
            });
        }
    }
}
