using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The engine's errors as PowerShell's, each with an id and a category of its own.</summary>
internal static class ErrorRecords
{
    /// <summary>The record of an error that the engine has worded; null for any other.</summary>
    public static ErrorRecord? From(Exception error, object? target) => error switch
    {
        // A connection string that can't be read may have a password anywhere in it.
        QueueException { Error: QueueError.InvalidConnectionString } e => new ErrorRecord(e, e.Error.ToString(), ErrorCategory.InvalidArgument, null),
        QueueException e => new ErrorRecord(e, e.Error.ToString(), Category(e.Error), target),
        EmbeddedServerException e => new ErrorRecord(e, "EmbeddedServerFailed", ErrorCategory.ResourceUnavailable, target),
        CmdletException e => e.Record,
        _ => null,
    };

    /// <summary>True where only the item is bad that was asked for, and the next one may be good.</summary>
    public static bool IsOfItem(QueueException error) =>
        error.Error is QueueError.DuplicateClientId or QueueError.TaskNotFound or QueueError.InvalidArgument
            or QueueError.ScheduleNotFound or QueueError.InvalidCron or QueueError.UnknownTimeZone;

    private static ErrorCategory Category(QueueError error) => error switch
    {
        QueueError.InvalidArgument or QueueError.InvalidCron or QueueError.UnknownTimeZone => ErrorCategory.InvalidArgument,
        QueueError.ServerUnreachable or QueueError.ConnectionLost => ErrorCategory.ConnectionError,
        QueueError.NotInTransaction or QueueError.TransactionOver => ErrorCategory.InvalidOperation,
        QueueError.AuthenticationFailed => ErrorCategory.AuthenticationError,
        QueueError.PermissionDenied => ErrorCategory.PermissionDenied,
        QueueError.DatabaseMissing or QueueError.TaskNotFound or QueueError.ScheduleNotFound => ErrorCategory.ObjectNotFound,
        QueueError.SchemaMissing or QueueError.SchemaTooOld => ErrorCategory.NotInstalled,
        QueueError.SchemaTooNew or QueueError.ServerTooOld => ErrorCategory.ResourceUnavailable,
        QueueError.SchemaBusy => ErrorCategory.ResourceBusy,
        QueueError.SchemaForeign or QueueError.DuplicateClientId => ErrorCategory.ResourceExists,
        _ => ErrorCategory.InvalidResult,
    };
}
