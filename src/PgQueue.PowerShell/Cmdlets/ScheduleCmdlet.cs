using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that is about schedules that are there.</summary>
public abstract class ScheduleCmdlet : QueueCmdlet
{
    private protected ScheduleCmdlet()
    {
    }

    /// <summary>The schedules of these names, wildcards among them; an error for a name that there is not.</summary>
    private protected IEnumerable<ScheduleInfo> Find(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            var found = false;
            foreach (var schedule in Pull(token => Client.GetSchedulesAsync([name], token)))
            {
                found = true;
                yield return schedule;
            }

            if (!found && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteItemError(
                    nameof(QueueError.ScheduleNotFound), ErrorCategory.ObjectNotFound,
                    $"There is no schedule '{name}' in {Connection}. Get-PqSchedule lists them.", name);
            }
        }
    }
}
