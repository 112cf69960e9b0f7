using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Writes a task's records to the streams of this session.</summary>
internal sealed class StreamReplay(Cmdlet cmdlet, QueueTask task)
{
    private const string HostTag = "PSHOST";

    public void Write(TaskOutput record)
    {
        var text = record.Text ?? "";
        switch (record.Stream)
        {
            case TaskStream.Output:
                cmdlet.WriteObject(record.Clixml is null ? text : PSSerializer.Deserialize(record.Clixml));
                break;
            case TaskStream.Error:
                cmdlet.WriteError(TaskErrors.From(record, task));
                break;
            case TaskStream.Warning:
                cmdlet.WriteWarning(text);
                break;
            case TaskStream.Verbose:
                cmdlet.WriteVerbose(text);
                break;
            case TaskStream.Debug:
                cmdlet.WriteDebug(text);
                break;
            case TaskStream.Information:
                cmdlet.WriteInformation(Information(record, text));
                break;
            default:
                // Progress is of no use when it is over.
                break;
        }
    }

    private InformationRecord Information(TaskOutput record, string text)
    {
        var saved = record.Clixml is null ? null : PSObject.AsPSObject(PSSerializer.Deserialize(record.Clixml));
        var tags = saved?.Properties["Tags"]?.Value is PSObject { BaseObject: IEnumerable list }
            ? list.Cast<object>().Select(tag => tag.ToString()!).ToList()

            // A line that was printed past PowerShell, by a program or Out-Host.
            : [HostTag];

        // As Write-Host makes them, else nothing shows them.
        object message = tags.Contains(HostTag)
            ? new HostInformationMessage { Message = text }
            : saved?.Properties["MessageData"]?.Value ?? text;
        var result = new InformationRecord(message, $"task {task.Id}");
        result.Tags.AddRange(tags);
        return result;
    }
}
