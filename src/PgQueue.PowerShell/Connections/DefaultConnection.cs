namespace PgQueue.PowerShell;

/// <summary>The queue of a cmdlet that was not told: the session's, else the environment's.</summary>
internal static class DefaultConnection
{
    private const string ConnectionVariable = "PGQUEUE_CONNECTION";
    private const string SchemaVariable = "PGQUEUE_SCHEMA";
    private const string UsualSchema = "pgqueue";

    /// <summary>The schema where none is named.</summary>
    public static string Schema => FromEnvironment(SchemaVariable) ?? UsualSchema;

    /// <summary>The environment's connection string; null where it has none.</summary>
    public static string? OfEnvironment => FromEnvironment(ConnectionVariable);

    /// <summary>The session's connection, else the environment's; null where neither is set.</summary>
    public static PqConnection? Known => Session.Current.Default
        ?? (OfEnvironment is { } text ? new PqConnection(text, Schema) : null);

    private static string? FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
