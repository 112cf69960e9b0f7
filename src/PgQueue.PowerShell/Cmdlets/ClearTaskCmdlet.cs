using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that deletes finished tasks by the many.</summary>
public abstract class ClearTaskCmdlet : QueueCmdlet
{
    private protected ClearTaskCmdlet()
    {
    }

    /// <summary>Only tasks that finished before this time, or longer ago, such as 7d. Default: all.</summary>
    [Parameter(Position = 0)]
    [TimePointTransformation]
    [Alias("OlderThan")]
    public DateTime? Before { get; set; }

    /// <summary>Only tasks of these queues; * and ? are wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[]? Queue { get; set; }

    /// <summary>Only tasks that have all of these tags.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string[]? Tag { get; set; }

    /// <summary>Emit how many were deleted.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected abstract TaskState State { get; }

    private protected sealed override void End()
    {
        var client = Client;
        if (!ShouldProcess(Describe(), "Delete for good"))
        {
            return;
        }

        var query = new TaskQuery
        {
            States = [State],
            Queues = Queue,
            Tags = Tag,
            FinishedBefore = Before is { } time ? new DateTimeOffset(time) : null,
        };
        var cleared = Await(token => client.ClearAsync(query, token));
        WriteVerbose($"{cleared} tasks deleted.");
        if (PassThru)
        {
            WriteObject(cleared);
        }
    }

    private string Describe()
    {
        var text = $"{State} tasks";
        text += Queue is { Length: > 0 } ? $" of the queue {string.Join(", ", Queue)}" : " of all queues";
        text += Tag is { Length: > 0 } ? $" tagged {string.Join(", ", Tag)}" : "";
        text += Before is { } time ? string.Create(CultureInfo.CurrentCulture, $" that finished before {time}") : "";
        return $"{text} in {Connection}";
    }
}
