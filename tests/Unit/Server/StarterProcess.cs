using System.Globalization;
using Xunit;

namespace PgQueue.Unit;

/// <summary>Not a test: what <see cref="ServerProcesses.StartServerAsync"/> runs in another process.</summary>
public sealed class StarterProcess
{
    internal const string Directory = "PGQUEUE_TEST_STARTER_DIRECTORY";
    internal const string Answer = "PGQUEUE_TEST_STARTER_ANSWER";

    [Fact(Explicit = true)]
    public async Task starts_a_server()
    {
        var options = new EmbeddedServerOptions
        {
            DataDirectory = Environment.GetEnvironmentVariable(Directory) ?? throw new InvalidOperationException($"{Directory} is not set."),
            Settings = new Dictionary<string, string> { ["fsync"] = "off" },
        };
        var status = await new EmbeddedServer(options).StartAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Environment.GetEnvironmentVariable(Answer)!,
            status.ProcessId!.Value.ToString(CultureInfo.InvariantCulture),
            TestContext.Current.CancellationToken);
    }
}
