using System.Management.Automation;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>The read-only variable <c>$PqTask</c>, by which a script knows which task it is.</summary>
internal static class TaskVariable
{
    public static PSVariable From(RunTask task)
    {
        var value = new PSObject();
        foreach (var (name, part) in Parts(task))
        {
            value.Properties.Add(new PSNoteProperty(name, part));
        }

        return new PSVariable("PqTask", value, ScopedItemOptions.ReadOnly) { Description = "The task that this script runs as." };
    }

    private static IEnumerable<(string Name, object? Value)> Parts(RunTask task) =>
    [
        ("Id", task.Id),
        ("Name", task.Name),
        ("Queue", task.Queue),
        ("Priority", task.Priority),
        ("Attempt", task.Attempt),
        ("MaxAttempts", task.MaxAttempts),
        ("Run", task.Run),
        ("Deadline", task.Deadline),
        ("Worker", task.Worker),
        ("Schedule", task.Schedule),
        ("Tick", task.Tick),
        ("Inputs", TaskInput.All(task.Inputs)),
    ];
}
