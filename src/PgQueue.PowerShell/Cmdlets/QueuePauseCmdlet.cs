using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that suspends queues or resumes them.</summary>
public abstract class QueuePauseCmdlet : QueueNameCmdlet
{
    private protected QueuePauseCmdlet()
    {
    }

    /// <summary>The queues' names; * and ? are wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [Alias("Queue")]
    [NameFrom("Queue")]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Emit the queues as they are then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected abstract bool Pauses { get; }

    private protected abstract string Action { get; }

    private protected sealed override void Process()
    {
        foreach (var queue in FindAll(Name))
        {
            if (!ShouldProcess($"Queue {queue.Name}", Action))
            {
                continue;
            }

            Await(token => Client.SetQueueAsync(queue.Name, new QueueSettings { Paused = Pauses }, token));
            if (PassThru)
            {
                WriteObject(queue with { Paused = Pauses });
            }
        }
    }
}
