using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Why a task failed: the Reason of its job. Its ErrorRecord is the one that Receive-PqTask writes.</summary>
public sealed class TaskFailedException : RuntimeException
{
    internal TaskFailedException(ErrorRecord record)
        : base(record.Exception.Message, null, record)
    {
    }
}
