using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Queues and their settings. Measure-PqQueue tells what they hold and do.</summary>
[Cmdlet(VerbsCommon.Get, "PqQueue")]
[OutputType(typeof(QueueInfo))]
public sealed class GetQueueCommand : QueueNameCmdlet
{
    /// <summary>Queues of these names; * and ? are wildcards. Default: all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [Alias("Queue")]
    [NameFrom("Queue")]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[] Name { get; set; } = ["*"];

    private protected override void Process()
    {
        foreach (var queue in FindAll(Name))
        {
            WriteObject(queue);
        }
    }
}
