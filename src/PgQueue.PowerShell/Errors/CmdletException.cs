using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Ends a cmdlet with an error record that its thrower has made.</summary>
internal sealed class CmdletException(ErrorRecord record) : Exception(record.Exception.Message, record.Exception)
{
    public ErrorRecord Record { get; } = record;

    public static CmdletException Of(string id, ErrorCategory category, string message, object? target, Exception? inner = null) =>
        new(new ErrorRecord(new ItemException(message, inner), id, category, target));
}
