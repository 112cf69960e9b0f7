using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Writes a task's records to the streams of this session, or of a job.</summary>
/// <param name="streams">The streams.</param>
/// <param name="task">The task.</param>
/// <param name="only">These streams alone; all where null.</param>
/// <param name="bars">Shows the task's progress; null where it is over.</param>
/// <param name="named">Say which task a warning comes from: there are several.</param>
internal sealed class StreamReplay(IStreams streams, QueueTask task, TaskStream[]? only, TaskBars? bars, bool named = false)
{
    private const string HostTag = "PSHOST";

    public StreamReplay(Cmdlet cmdlet, QueueTask task, TaskStream[]? only, TaskBars? bars, bool named = false)
        : this(new CmdletStreams(cmdlet), task, only, bars, named)
    {
    }

    public void Write(TaskOutput record)
    {
        if (!Wants(record.Stream))
        {
            return;
        }

        var text = record.Text ?? "";
        switch (record.Stream)
        {
            case TaskStream.Output:
                streams.WriteObject(record.Clixml is null ? text : PSSerializer.Deserialize(record.Clixml));
                break;
            case TaskStream.Error:
                streams.WriteError(TaskErrors.From(record, task));
                break;
            case TaskStream.Warning:
                streams.WriteWarning(Named(text));
                break;
            case TaskStream.Verbose:
                streams.WriteVerbose(Named(text));
                break;
            case TaskStream.Debug:
                streams.WriteDebug(Named(text));
                break;
            case TaskStream.Information:
                streams.WriteInformation(Information(record, text));
                break;
            default:
                bars?.Show(record, task.Name);
                break;
        }
    }

    /// <summary>Writes a method's result, which comes at the end.</summary>
    public void WriteResult(string? json)
    {
        if (json is not null && Wants(TaskStream.Output))
        {
            streams.WriteObject(ResultValue.FromJson(json), enumerateCollection: true);
        }
    }

    /// <summary>Writes the error that ended a run.</summary>
    public void WriteEnd(TaskError error)
    {
        if (Wants(TaskStream.Error))
        {
            streams.WriteError(TaskErrors.From(error, task));
        }
    }

    private string Named(string text) => named ? $"{task.Id} {task.Name}".TrimEnd() + ": " + text : text;

    private bool Wants(TaskStream stream) => only is null || only.Contains(stream);

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
