using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Deletes the waiting tasks of queues: they never run, and nothing is kept of them. Those that run go on, finished ones
/// stay; Stop-PqTask cancels and keeps a record.
/// </summary>
[Cmdlet(VerbsCommon.Clear, "PqQueue", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(long))]
public sealed class ClearQueueCommand : QueueNameCmdlet
{
    private long? _cleared;

    /// <summary>The queues' names; * and ? are wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [Alias("Queue")]
    [NameFrom("Queue")]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Only tasks that were added before this time, or longer ago, such as 7d.</summary>
    [Parameter]
    [TimePointTransformation]
    [Alias("OlderThan")]
    public DateTime? Before { get; set; }

    /// <summary>Only tasks that have all of these tags.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string[]? Tag { get; set; }

    /// <summary>Only tasks of these names; * and ? are wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[]? TaskName { get; set; }

    /// <summary>Emit how many were deleted.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Process()
    {
        foreach (var queue in FindAll(Name))
        {
            if (ShouldProcess(Describe(queue.Name), "Delete for good"))
            {
                var query = new TaskQuery
                {
                    Queues = [queue.Name],
                    Names = TaskName,
                    Tags = Tag,
                    CreatedBefore = Before is { } time ? new DateTimeOffset(time) : null,
                };
                _cleared = (_cleared ?? 0) + Await(token => Client.ClearWaitingAsync(query, token));
            }
        }
    }

    private protected override void End()
    {
        if (_cleared is not { } cleared)
        {
            return;
        }

        WriteVerbose($"{cleared} tasks deleted.");
        if (PassThru)
        {
            WriteObject(cleared);
        }
    }

    private string Describe(string queue)
    {
        var text = $"Waiting tasks of the queue {queue}";
        text += TaskName is { Length: > 0 } ? $" named {string.Join(", ", TaskName)}" : "";
        text += Tag is { Length: > 0 } ? $" tagged {string.Join(", ", Tag)}" : "";
        text += Before is { } time ? string.Create(CultureInfo.CurrentCulture, $" that were added before {time}") : "";
        return $"{text} in {Connection}";
    }
}
