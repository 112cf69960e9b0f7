namespace PgQueue.TaskHost;

/// <summary>
/// The child process's entry: <c>dotnet PgQueue.TaskHost.dll script|method</c>, or the same call from inside a pwsh
/// where no dotnet is installed. The worker starts it, and says over a Unix domain socket what to run.
/// </summary>
public static class Program
{
    private const int UsageError = 64;

    /// <summary>Runs one task of the kind that is named, then ends the process.</summary>
    /// <param name="args"><c>script</c> or <c>method</c>.</param>
    /// <returns>64 where the process was not started by a worker; after a task the process ends by itself.</returns>
    public static int Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args is not ["script" or "method"])
        {
            Console.Error.WriteLine("PgQueue.TaskHost runs one task for a PgQueue worker, which starts it: PgQueue.TaskHost script|method.");
            return UsageError;
        }

        var start = StartInfo.TakeFromEnvironment(args[0]);
        if (start is null)
        {
            Console.Error.WriteLine("PgQueue.TaskHost is started by a PgQueue worker, which tells it its socket; started by hand it has nothing to do.");
            return UsageError;
        }

        TaskSession.Run(start);
        Environment.Exit(0);
        return 0;
    }
}
