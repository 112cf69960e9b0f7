using System.CommandLine;

namespace PgQueue.Host;

/// <summary><c>install</c>: makes the schema, or brings it up to date, where no PowerShell is at hand.</summary>
internal static class InstallCommand
{
    public static Command Create()
    {
        var command = new Command("install", "Makes the queue's schema, or brings it up to date. Safe to repeat.");
        QueueOptions.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            await using var client = QueueClient.Create(QueueOptions.ConnectionOf(arguments), QueueOptions.SchemaOf(arguments));
            var applied = await client.InstallSchemaAsync(cancellationToken);
            Console.WriteLine(applied == 0
                ? $"The schema \"{client.Schema}\" is up to date."
                : $"The schema \"{client.Schema}\" is installed: {applied} migrations were applied.");
            return 0;
        });
        return command;
    }
}
