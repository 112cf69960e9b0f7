using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that changes schedules by their names.</summary>
public abstract class ScheduleChangeCmdlet : ScheduleCmdlet
{
    private readonly List<string> _names = [];

    private protected ScheduleChangeCmdlet()
    {
    }

    /// <summary>The schedules' names; * and ? are wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [NameFrom("Schedule")]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    public string[] Name { get; set; } = [];

    private protected sealed override void Process() =>
        _names.AddRange(Find(Name).Select(s => s.Name).Where(name => !_names.Contains(name) && ShouldProcess($"Schedule {name}", Action)));

    private protected sealed override void End()
    {
        if (_names.Count > 0)
        {
            Change(_names);
        }
    }

    /// <summary>What is done, for -WhatIf and -Confirm.</summary>
    private protected abstract string Action { get; }

    private protected abstract void Change(IReadOnlyCollection<string> names);

    private protected void WriteSchedules(IReadOnlyCollection<string> names)
    {
        foreach (var schedule in Pull(token => Client.GetSchedulesAsync(names, token)))
        {
            WriteObject(schedule);
        }
    }
}
