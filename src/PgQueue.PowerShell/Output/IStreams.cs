using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Streams that a task's records go to.</summary>
internal interface IStreams
{
    void WriteObject(object? value);

    void WriteObject(object? value, bool enumerateCollection);

    void WriteError(ErrorRecord record);

    void WriteWarning(string text);

    void WriteVerbose(string text);

    void WriteDebug(string text);

    void WriteInformation(InformationRecord record);

    void WriteProgress(ProgressRecord record);
}
