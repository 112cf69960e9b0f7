using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// What ended a task, in the session that receives it. The error record's own position and stack are those of this session
/// and can't be others: those of the task are here, and <c>Get-Error</c> shows them.
/// </summary>
public sealed class TaskException : RemoteException
{
    internal TaskException(TaskError error)
        : base(error.Message) => TaskError = error;

    /// <summary>Where in the task's script: line, character and the line itself; null where it is not known.</summary>
    public string? Position => TaskError.Position;

    /// <summary>The call stack of the task's script; null where there is none.</summary>
    public string? ScriptStackTrace => TaskError.ScriptStackTrace;

    /// <summary>The task's error, with its type, position, stacks and cause.</summary>
    public TaskError TaskError { get; }
}
