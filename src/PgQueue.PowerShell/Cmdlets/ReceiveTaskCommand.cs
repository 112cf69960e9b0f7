using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// What tasks wrote: a script's objects as Receive-Job returns them, a method's result, a command's lines. Errors,
/// warnings and the other streams are written as such. Nothing is used up: it can be received again.
/// </summary>
[Cmdlet(VerbsCommunications.Receive, "PqTask")]
[OutputType(typeof(object))]
public sealed class ReceiveTaskCommand : QueueCmdlet
{
    /// <summary>The tasks' ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public long[] Id { get; set; } = [];

    private protected override void Process()
    {
        foreach (var id in Id)
        {
            if (Await(token => Client.GetAsync(id, token)) is { } task)
            {
                Receive(task);
            }
            else
            {
                WriteTaskNotFound(id);
            }
        }
    }

    private void Receive(QueueTask task)
    {
        var replay = new StreamReplay(this, task);
        foreach (var record in Pull(token => Client.ReadOutputAsync(task.Id, cancellationToken: token)))
        {
            replay.Write(record);
        }

        if (task.Result is { } json)
        {
            WriteObject(ResultValue.FromJson(json), enumerateCollection: true);
        }

        if (task is { State: TaskState.Failed, Error: { } error })
        {
            WriteError(TaskErrors.From(error, task));
        }
    }
}
