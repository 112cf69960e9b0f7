using System.Diagnostics;
using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class StartTests
{
    [Theory]
    [InlineData("method")]
    [InlineData("script")]
    public async Task A_child_introduces_itself(string kind)
    {
        await using var worker = await FakeWorker.StartAsync(kind);

        Assert.Equal(
            (Hello.CurrentVersion, worker.Token, worker.Process.Id),
            (worker.Hello.Version, worker.Hello.Token, worker.Hello.ProcessId));
    }

    [Fact]
    public async Task A_task_of_another_kind_is_refused()
    {
        await using var worker = await FakeWorker.StartAsync("method");
        await worker.SendScriptAsync("1");

        Assert.Equal("A task of kind 'script' was given to a child for 'method'.", (await worker.EndAsync()).Error?.Message);
    }

    [Fact]
    public async Task A_wrong_folder_of_PowerShells_is_named_in_the_tasks_error()
    {
        await using var worker = await FakeWorker.StartAsync("script", variables: new Dictionary<string, string?> { ["PGQUEUE_PSHOME"] = "/no/such" });
        await worker.SendScriptAsync("1");

        Assert.StartsWith("PGQUEUE_PSHOME is '/no/such', but there is no ", (await worker.EndAsync()).Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PowerShell_that_does_not_start_is_the_tasks_error()
    {
        var folder = Directory.CreateTempSubdirectory("pqth-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "System.Management.Automation.dll"), "no assembly", TestContext.Current.CancellationToken);
            await using var worker = await FakeWorker.StartAsync("script", variables: new Dictionary<string, string?> { ["PGQUEUE_PSHOME"] = folder.FullName });
            await worker.SendScriptAsync("1");

            Assert.StartsWith("PowerShell can't be started in the task's process: ", (await worker.EndAsync()).Error?.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Variables_that_are_for_the_start_only_are_dropped()
    {
        await using var worker = await FakeWorker.StartAsync("method", variables: new Dictionary<string, string?>
        {
            ["PGQ_START_ONLY"] = "1",
            [ChildEnvironment.Drop] = "PGQ_OTHER;PGQ_START_ONLY",
        });
        await worker.SendMethodAsync("Samples::Environment", "PGQ_START_ONLY");

        Assert.Equal("(not set)", (await worker.EndAsync()).Result?.GetString());
    }

    [Theory]
    [InlineData("script", "is started by a PgQueue worker")]
    [InlineData("nonsense", "runs one task for a PgQueue worker")]
    public async Task Started_by_hand_it_says_what_it_is(string argument, string expected)
    {
        var start = new ProcessStartInfo("dotnet", [TaskHostFiles.TaskHost, argument]) { RedirectStandardError = true };

        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(64, process.ExitCode);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
    }
}
