namespace PgQueue.PowerShell;

/// <summary>What a session is told while the database is away.</summary>
internal static class OutageText
{
    /// <summary>The connection is lost, and why; whoever says so waits for it.</summary>
    public static string Lost(QueueClient client, QueueException error) =>
        $"The connection to {client.Server} is lost ({error.InnerException?.Message ?? error.Message}). Going on when it is back.";
}
