using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What the views of tasks show that is no property of theirs. Takes tasks from other processes as well.</summary>
public static class TaskText
{
    private const int LongestAttempt = 5;

    /// <summary>A task's name, else what it runs, in one line.</summary>
    /// <param name="task">The task.</param>
    public static string Title(PSObject task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.BaseObject is QueueTask own ? TaskLabel.Of(own) : TaskLabel.Shorten(Text(task, "Name") ?? Text(task, "Script") ?? "");
    }

    /// <summary>Since when it stands as it does, such as 3m; for a scheduled task when it is due, such as in 3m.</summary>
    /// <param name="task">The task.</param>
    public static string Age(PSObject task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var runAt = Value<DateTime>(task, "RunAt");
        return Text(task, "State") switch
        {
            nameof(TaskState.Scheduled) when runAt > DateTime.Now => $"in {ViewText.Short(runAt.Value - DateTime.Now)}",
            nameof(TaskState.Running) => ViewText.Age(Value<DateTime>(task, "StartedAt")),
            _ => ViewText.Age(Value<DateTime>(task, "FinishedAt") ?? runAt),
        };
    }

    /// <summary>How long a run took, or has taken so far; an empty text where there was none.</summary>
    /// <param name="run">A task or an attempt.</param>
    public static string Took(PSObject run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var isFinished = Value<DateTime>(run, "FinishedAt") is not null;
        var isRunning = run.Properties["State"] is null || Text(run, "State") == nameof(TaskState.Running);
        return DurationText.Of(isFinished ? Value<TimeSpan>(run, "Duration")
            : isRunning && Value<DateTime>(run, "StartedAt") is { } start ? Longer(DateTime.Now - start)
            : null);
    }

    /// <summary>Attempts begun and attempts it has: 2/3.</summary>
    /// <param name="task">The task.</param>
    public static string Attempt(PSObject task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var both = $"{Text(task, "Attempt")}/{Text(task, "MaxAttempts")}";
        return both.Length <= LongestAttempt ? both : Text(task, "Attempt")!;
    }

    // The clocks of two machines may differ.
    private static TimeSpan Longer(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;

    private static string? Text(PSObject item, string property) =>
        Convert.ToString(item.Properties[property]?.Value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;

    private static T? Value<T>(PSObject item, string property)
        where T : struct => item.Properties[property]?.Value is { } value && (value is PSObject wrapped ? wrapped.BaseObject : value) is T found ? found : null;
}
