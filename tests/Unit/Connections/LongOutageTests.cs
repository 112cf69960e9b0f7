using System.Diagnostics;
using Xunit;

namespace PgQueue.Unit.Connections;

/// <summary>Half a minute without a server, and everybody in the middle of something.</summary>
public sealed class LongOutageTests
{
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Worker_maintainer_producer_wait_and_receive_go_on_after_thirty_seconds_without_a_server()
    {
        Machine.NeedsPwsh();
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        await using var queue = await TestQueue.CreateByAsync((await server.StartAsync()).ConnectionString!);
        await using var worker = await HostProcess.WorkerAsync(queue, "--concurrency", "4");
        await queue.Client.RegisterScheduleAsync(new() { Name = "tick", Every = TimeSpan.FromSeconds(1), Task = NewTask.ForCommand("true") });
        var gate = Path.Combine(directory.Path, "gate");
        var task = await queue.Client.AddAsync(NewTask.ForCommand("bash", "-c", $"echo before; until [ -e {gate} ]; do sleep 0.1; done; echo after"));

        await using var waiting = Shell(queue, $"(Wait-PqTask {task.Id}).State");
        await using var receiving = Shell(queue, $"Receive-PqTask {task.Id} -Follow");
        await using var producing = Shell(queue, $"for ($n = 0; -not (Test-Path {gate}); $n++) {{ $null = Add-PqTask -Command true -ClientId \"p$n\"; if ($n -eq 5) {{ 'produces' }} }}; \"added $n\"");
        await Until.TrueAsync(() => Task.FromResult(
            Says(waiting, "connected") && Says(receiving, "before") && Says(producing, "produces")));
        await Until.TrueAsync(async () => await LastTickAsync(queue) is not null);

        await server.StopAsync(ServerStopMode.Immediate);
        var away = Stopwatch.StartNew();
        // That time passes is what is tested here.
        await Task.Delay(s_outage);
        await server.StartAsync();
        queue.Client.Database.ClosePooled();
        Npgsql.NpgsqlConnection.ClearPool(new(queue.ConnectionString));
        var before = await LastTickAsync(queue);
        await Until.TrueAsync(async () => await LastTickAsync(queue) > before);
        await File.WriteAllTextAsync(gate, "");

        Assert.Equal(0, await waiting.WaitAsync());
        Assert.Equal(0, await receiving.WaitAsync());
        Assert.Equal(0, await producing.WaitAsync());
        Assert.Equal(["connected", Warning, "Completed"], Lines(waiting));
        Assert.Equal(["connected", "before", Warning, "after"], Lines(receiving));
        var produced = Lines(producing);
        Assert.Equal(["connected", "produces", Warning], produced.Take(3));
        var added = int.Parse(Assert.Single(produced, line => line.StartsWith("added ", StringComparison.Ordinal))[6..], System.Globalization.CultureInfo.InvariantCulture);
        worker.Terminate();
        Assert.Equal(0, await worker.WaitAsync());
        var told = worker.Output.Split('\n').Where(line => line.Contains("The connection to", StringComparison.Ordinal)).ToList();
        Assert.True(told is [var lost, var back] && lost.Contains("is lost", StringComparison.Ordinal) && back.Contains("is back", StringComparison.Ordinal), worker.Output);

        var tasks = await queue.TasksAsync();
        Assert.Equal(added, tasks.Count(t => t.ClientId is not null));
        Assert.Equal((TaskState.Completed, 1, 0), tasks.Where(t => t.Id == task.Id).Select(t => (t.State, t.Run, t.Lost)).Single());
        var ticks = tasks.Where(t => t.Schedule == "tick").Select(t => t.Tick).ToList();
        Assert.Equal(ticks.Distinct().Count(), ticks.Count);
        Assert.True(away.Elapsed > s_outage);
    }

    private static async Task<DateTime?> LastTickAsync(TestQueue queue) => await queue.SqlAsync("select last_tick from {schema}.schedule") as DateTime?;

    private const string Warning = "WARNING: is lost";

    /// <summary>A pwsh that says "connected" and then runs a script, with its warnings among its output.</summary>
    private static HostProcess Shell(TestQueue queue, string script) => HostProcess.StartPwsh(
        queue, $"$ErrorActionPreference = 'Stop'; Import-Module '{BuiltFile.Module}'; $null = Connect-PqQueue $env:PGQUEUE_CONNECTION -Schema $env:PGQUEUE_SCHEMA; 'connected'; {script}");

    private static bool Says(HostProcess shell, string line) => shell.HasExited
        ? throw new InvalidOperationException(shell.Output)
        : Lines(shell).Contains(line);

    private static List<string> Lines(HostProcess shell) => [.. shell.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        line.Contains("WARNING: The connection to", StringComparison.Ordinal) ? Warning : line)];
}
