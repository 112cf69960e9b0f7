namespace PgQueue;

/// <summary>What went wrong, in a form that code can decide on.</summary>
public enum QueueError : long
{
    /// <summary>An argument or a combination of arguments can't be used.</summary>
    InvalidArgument,

    /// <summary>The connection string can't be read.</summary>
    InvalidConnectionString,

    /// <summary>Nothing answers at the server's address.</summary>
    ServerUnreachable,

    /// <summary>The server refuses the user or the password.</summary>
    AuthenticationFailed,

    /// <summary>The server has no database of that name.</summary>
    DatabaseMissing,

    /// <summary>The server is older than PostgreSQL 13.</summary>
    ServerTooOld,

    /// <summary>The database has no queue in that schema.</summary>
    SchemaMissing,

    /// <summary>The schema was made by an older version of this module.</summary>
    SchemaTooOld,

    /// <summary>The schema was made by a newer version of this module.</summary>
    SchemaTooNew,

    /// <summary>Somebody kept the schema's tables locked, so that it could not be changed.</summary>
    SchemaBusy,

    /// <summary>The schema holds something else than a queue.</summary>
    SchemaForeign,

    /// <summary>The user lacks a privilege.</summary>
    PermissionDenied,

    /// <summary>The connection broke; what was under way may or may not have been done.</summary>
    ConnectionLost,

    /// <summary>The <see cref="NewTask.ClientId"/> belongs to another task.</summary>
    DuplicateClientId,

    /// <summary>There is no task of that id.</summary>
    TaskNotFound,

    /// <summary>There is no schedule of that name.</summary>
    ScheduleNotFound,

    /// <summary>The text is not a cron expression.</summary>
    InvalidCron,

    /// <summary>There is no time zone of that id.</summary>
    UnknownTimeZone,

    /// <summary>What was asked for can't be done inside a transaction.</summary>
    NotInTransaction,

    /// <summary>The transaction was committed or rolled back before.</summary>
    TransactionOver,

    /// <summary>Any other answer of the database's.</summary>
    Database,
}

/// <summary>An error of the queue, worded for the admin who reads it. The database's own error is the inner exception.</summary>
public sealed class QueueException : Exception
{
    /// <summary>Makes an error of a given kind.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="message">What went wrong, with which value, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public QueueException(QueueError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>What went wrong.</summary>
    public QueueError Error { get; }

    /// <summary>The task that the error is about, such as the one that holds a client id; null where there is none.</summary>
    public long? TaskId { get; init; }

    /// <summary>True where the same call may succeed later with no change: the server was away.</summary>
    public bool IsTransient => Error is QueueError.ServerUnreachable or QueueError.ConnectionLost;
}
