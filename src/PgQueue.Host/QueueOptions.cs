using System.CommandLine;

namespace PgQueue.Host;

/// <summary>The options that say which queue.</summary>
internal static class QueueOptions
{
    private const string ConnectionVariable = "PGQUEUE_CONNECTION";
    private const string SchemaVariable = "PGQUEUE_SCHEMA";

    // No default values: help would print them, and with them the password.
    private static readonly Option<string?> Connection = new("--connection")
    {
        Description = $"Connection string; {ConnectionVariable} where absent, which other users can't read.",
    };

    private static readonly Option<string?> Schema = new("--schema")
    {
        Description = $"Schema of the queue; {SchemaVariable}, else pgqueue, where absent.",
    };

    /// <summary>Gives a command these options, and refuses a call that has no connection.</summary>
    public static void AddTo(Command command)
    {
        command.Options.Add(Connection);
        command.Options.Add(Schema);
        command.Validators.Add(result =>
        {
            if (string.IsNullOrEmpty(result.GetValue(Connection) ?? Environment.GetEnvironmentVariable(ConnectionVariable)))
            {
                result.AddError($"Where is the queue? Set {ConnectionVariable} or give --connection.");
            }
        });
    }

    public static string ConnectionOf(ParseResult arguments) =>
        arguments.GetValue(Connection) ?? Environment.GetEnvironmentVariable(ConnectionVariable)!;

    public static string SchemaOf(ParseResult arguments) =>
        arguments.GetValue(Schema) ?? Environment.GetEnvironmentVariable(SchemaVariable) ?? "pgqueue";
}
