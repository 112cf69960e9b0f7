using System.CommandLine;
using PgQueue;
using PgQueue.Host;
using PgQueue.Host.Demo;

var root = new RootCommand("PgQueue outside a PowerShell session: a worker as a service, the schema, and the demonstration.")
{
    WorkerCommand.Create(),
    InstallCommand.Create(),
    DemoCommand.Create(),
};

try
{
    return await root.Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is QueueException or EmbeddedServerException)
{
    await Console.Error.WriteLineAsync("PgQueue: " + e.Message);
    return 1;
}
