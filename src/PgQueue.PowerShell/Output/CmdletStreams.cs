using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The streams of a cmdlet.</summary>
internal sealed class CmdletStreams(Cmdlet cmdlet) : IStreams
{
    public void WriteObject(object? value) => cmdlet.WriteObject(value);

    public void WriteObject(object? value, bool enumerateCollection) => cmdlet.WriteObject(value, enumerateCollection);

    public void WriteError(ErrorRecord record) => cmdlet.WriteError(record);

    public void WriteWarning(string text) => cmdlet.WriteWarning(text);

    public void WriteVerbose(string text) => cmdlet.WriteVerbose(text);

    public void WriteDebug(string text) => cmdlet.WriteDebug(text);

    public void WriteInformation(InformationRecord record) => cmdlet.WriteInformation(record);

    public void WriteProgress(ProgressRecord record) => cmdlet.WriteProgress(record);
}
