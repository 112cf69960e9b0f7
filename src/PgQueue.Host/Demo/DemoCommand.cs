using System.CommandLine;

namespace PgQueue.Host.Demo;

/// <summary><c>demo</c>: the main job on real input, on a private server that is gone afterwards.</summary>
internal static class DemoCommand
{
    private static readonly Option<DirectoryInfo> Source = new("--source")
    {
        Description = "Folder whose source files are measured, one task a file.",
        DefaultValueFactory = _ => new DirectoryInfo(Environment.CurrentDirectory),
    };

    public static Command Create()
    {
        var command = new Command("demo", "Starts a private PostgreSQL, runs tasks of all kinds and ends on it, and removes it.") { Source };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"pgqueue-demo-{Environment.ProcessId}");
        var server = new EmbeddedServer(new EmbeddedServerOptions { DataDirectory = folder });
        try
        {
            var status = await server.StartAsync(cancellationToken);
            Console.WriteLine($"A private PostgreSQL {status.Version} is up.");
            var client = QueueClient.Create(status.ConnectionString!);
            await using (client)
            {
                await client.InstallSchemaAsync(cancellationToken);
                return await new DemoRun(client, status.ConnectionString!, arguments.GetValue(Source)!.FullName).RunAsync(cancellationToken) ? 0 : 1;
            }
        }
        finally
        {
            await server.RemoveAsync(CancellationToken.None);
        }
    }
}
