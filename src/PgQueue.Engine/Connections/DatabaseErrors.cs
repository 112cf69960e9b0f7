using System.Net.Sockets;
using Npgsql;

namespace PgQueue;

/// <summary>Turns the database's errors into ones that tell an admin what to do.</summary>
internal static class DatabaseErrors
{
    /// <summary>The same error for an admin; null where it is none of the database's.</summary>
    public static QueueException? Translate(Exception error, string server, string schema) => error switch
    {
        PostgresException e => Translate(e, server, schema),
        NpgsqlException e when IsAuthenticationSetup(e) => new(
            QueueError.AuthenticationFailed,
            $"{server} asks for a password and the connection string has none: add Password=…, or keep it in the file that PGPASSFILE names.", e),
        NpgsqlException { InnerException: SocketException or TimeoutException } e when !WasConnected(e) => new(
            QueueError.ServerUnreachable,
            $"There is no answer from {server}: {e.InnerException!.Message}. Check the host and port, that the server runs and that it accepts connections from here.", e),
        NpgsqlException e when IsNoHost(e) => new(
            QueueError.ServerUnreachable,
            $"None of the hosts of {server} is what the connection string asks for: {e.InnerException?.Message ?? e.Message} Check that the primary runs; while a standby is promoted, wait.", e),
        NpgsqlException { IsTransient: true } or SocketException or IOException => new(
            QueueError.ConnectionLost,
            $"The connection to {server} broke: {error.Message} What was being done may or may not have been done.", error),
        NpgsqlException e => new(QueueError.Database, $"{server}: {e.Message}", e),
        TimeoutException e => new(QueueError.ServerUnreachable, $"{server} did not answer in time: {e.Message}", e),
        _ => null,
    };

    /// <summary>True for an error that goes away by itself when the server is back.</summary>
    public static bool IsTransient(Exception error) => error switch
    {
        QueueException e => e.IsTransient,
        // Going or starting; deadlocks and the like; out of disk, memory or connections; I/O; a standby that takes no
        // writes (yet); a statement or lock time-out, or somebody's pg_cancel_backend.
        PostgresException e => IsServerGoing(e.SqlState)
            || e.SqlState[..2] is "40" or "53" or "58"
            || e.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable,
        NpgsqlException or SocketException or IOException or TimeoutException => true,
        _ => false,
    };

    private static QueueException Translate(PostgresException e, string server, string schema) => e.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => new(
            QueueError.AuthenticationFailed,
            $"{server} refuses the login: {e.MessageText}. Check Username and Password of the connection string, and the server's pg_hba.conf.", e),
        PostgresErrorCodes.InvalidCatalogName => new(
            QueueError.DatabaseMissing,
            $"{server}: {e.MessageText}. Create it (createdb), or name another one in the connection string.", e),
        PostgresErrorCodes.InvalidSchemaName => SchemaMissing(server, schema, e),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.UndefinedObject
            when e.MessageText.Contains(schema, StringComparison.Ordinal) => SchemaMissing(server, schema, e),
        PostgresErrorCodes.InsufficientPrivilege => new(
            QueueError.PermissionDenied,
            $"{server}: {e.MessageText}. Grant the user what is missing, or connect as the queue's owner.", e),
        "PQ001" => new(QueueError.DuplicateClientId, Upper(e.MessageText) + ". " + e.Hint, e)
        {
            TaskId = IdIn(e.Detail),
        },
        "PQ002" => new(QueueError.TaskNotFound, Upper(e.MessageText) + ". It may have been cleared; give the ids of tasks that are there.", e)
        {
            TaskId = IdIn(e.Detail),
        },
        "PQ003" => new(QueueError.InvalidArgument, Upper(e.MessageText) + ". A circle of tasks would wait for ever.", e),
        "PQ004" => new(QueueError.ScheduleNotFound, Upper(e.MessageText) + ".", e),
        PostgresErrorCodes.ReadOnlySqlTransaction => new(
            QueueError.ServerUnreachable,
            $"{server} takes no writes; it may be a standby. Name all servers in Host= and add Target Session Attributes=read-write.", e),
        PostgresErrorCodes.TooManyConnections => new(
            QueueError.ServerUnreachable, $"{server}: {e.MessageText}. Raise max_connections or close other sessions.", e),
        _ when IsServerGoing(e.SqlState) => new(
            QueueError.ConnectionLost,
            $"The connection to {server} broke: {e.MessageText}. What was being done may or may not have been done.", e),
        _ when e.SqlState[..2] is "22" or "23" => new(
            QueueError.InvalidArgument, Upper(e.MessageText) + "." + (e.Hint is null ? "" : " " + e.Hint + "."), e),
        _ => new(QueueError.Database, $"{server}: {e.MessageText} (SQLSTATE {e.SqlState}).", e),
    };

    public static QueueException SchemaMissing(string server, string schema, Exception? inner = null) => new(
        QueueError.SchemaMissing,
        $"{server} has no queue in the schema \"{schema}\". Install it with Install-PqSchema, or connect with the schema that it is in.", inner);

    /// <summary>The values themselves can't be stored: trying again changes nothing.</summary>
    public static bool IsInData(PostgresException e) => e.SqlState[..2] is "22" or "23" or "54";

    /// <summary>The server is starting, stopping or ending this session.</summary>
    private static bool IsServerGoing(string sqlState) =>
        sqlState.StartsWith("08", StringComparison.Ordinal) || sqlState.StartsWith("57P", StringComparison.Ordinal);

    private static bool IsAuthenticationSetup(NpgsqlException e) =>
        e.Message.StartsWith("No password has been provided", StringComparison.Ordinal);

    private static bool IsNoHost(NpgsqlException e) =>
        e.Message.StartsWith("No suitable host", StringComparison.Ordinal)
        || e.Message.StartsWith("Unable to connect to a suitable host", StringComparison.Ordinal);

    private static bool WasConnected(NpgsqlException e) =>
        !e.Message.StartsWith("Failed to connect", StringComparison.Ordinal)
        && !e.Message.StartsWith("The operation has timed out", StringComparison.Ordinal);

    private static long? IdIn(string? detail) => long.TryParse(detail, out var id) ? id : null;

    private static string Upper(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
