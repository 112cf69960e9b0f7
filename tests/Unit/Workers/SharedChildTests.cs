using System.Globalization;
using System.Text.Json;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>Children that run several tasks one after the other.</summary>
public sealed class SharedChildTests
{
    private static readonly WorkerOptions Shared = new() { Concurrency = 1, WarmChildren = 0, MaxTasksPerChild = 3 };

    [Fact]
    public async Task A_child_runs_as_many_methods_as_it_may_and_then_another_takes_over()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Repeat(Method("Samples::Count"), 7)], null);

        await queue.DrainAsync(Shared);

        var counts = (await queue.TasksAsync()).OrderBy(t => t.Id).Select(t => JsonSerializer.Deserialize<int[]>(t.Result!)!).ToList();
        Assert.Equal([1, 2, 3, 1, 2, 3, 1], counts.Select(c => c[1]));
        Assert.Equal(3, counts.Select(c => c[0]).Distinct().Count());
    }

    [Fact]
    public async Task A_script_finds_nothing_of_the_one_before_it_in_its_session()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync([
            NewTask.ForScript("$PID; $global:left = 1; function Left {}; $env:LEFT = 1; $env:PATH = 'x'; Set-Location /tmp; [Environment]::CurrentDirectory = '/tmp'; [Console]::SetOut([IO.TextWriter]::Null); $ErrorActionPreference = 'Stop'; exit 3"),
            NewTask.ForScript("$PID; \"$left|$(Get-Command Left -ErrorAction Ignore)|$env:LEFT|$($env:PATH.Length -gt 1)|$($PWD.Path -eq [Environment]::CurrentDirectory)|$($PWD.Path)|$ErrorActionPreference\"; [Console]::WriteLine('printed')"),
        ], null)).Select(t => t.Id).ToList();

        await queue.DrainAsync(Shared);

        var first = await queue.OutputAsync(id[0]);
        var second = await queue.OutputAsync(id[1]);
        Assert.Equal((TaskState.Failed, 3), ((await queue.TaskAsync(id[0])).State, (await queue.TaskAsync(id[0])).ExitCode));
        Assert.Equal(TaskState.Completed, (await queue.TaskAsync(id[1])).State);
        Assert.Equal(first[0].Text, second[0].Text);
        Assert.Equal($"|||True|True|{Environment.CurrentDirectory}|Continue", second.First(o => o.Text!.Contains('|', StringComparison.Ordinal)).Text);
        Assert.Contains(second, o => o.Text == "printed");
    }

    [Fact]
    public async Task What_each_prints_is_its_own()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Range(1, 12).Select(n =>
            NewTask.ForScript($"[Console]::WriteLine('line of {n}'); [Console]::Error.Write('half a line of {n}')"))], null);

        await queue.DrainAsync(Shared with { MaxTasksPerChild = 100, Concurrency = 2 });

        var tasks = (await queue.TasksAsync()).OrderBy(t => t.Id).ToList();
        for (var n = 1; n <= 12; n++)
        {
            var lines = (await queue.OutputAsync(tasks[n - 1].Id)).Select(o => o.Text).Order(StringComparer.Ordinal);
            Assert.Equal([$"half a line of {n}", $"line of {n}"], lines);
        }
    }

    [Fact]
    public async Task What_one_left_running_ends_with_it()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([
            NewTask.ForScript("(Start-Process sleep 300 -PassThru).Id"),
            NewTask.ForScript("1"),
        ], null);

        await queue.DrainAsync(Shared);

        var first = (await queue.TasksAsync()).MinBy(t => t.Id)!;
        var left = int.Parse((await queue.OutputAsync(first.Id))[0].Text!, CultureInfo.InvariantCulture);
        Assert.False(Machine.IsAlive(left));
    }

    [Fact]
    public async Task One_that_was_stopped_takes_its_process_with_it()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([
            NewTask.ForScript("$PID; Start-Sleep 600") with { Timeout = TimeSpan.FromSeconds(1.5) },
            NewTask.ForScript("$PID"),
        ], null);

        await queue.DrainAsync(Shared with { CancelGrace = TimeSpan.FromSeconds(1) });

        var tasks = (await queue.TasksAsync()).OrderBy(t => t.Id).ToList();
        Assert.Equal([TaskEnd.Timeout, TaskEnd.Success], tasks.Select(t => t.Ended!.Value));
        var processes = (await Task.WhenAll(tasks.Select(async t => (await queue.OutputAsync(t.Id))[0].Text))).Distinct();
        Assert.Equal(2, processes.Count());
    }

    [Fact]
    public async Task One_that_ends_its_process_or_closes_its_streams_does_not_harm_the_next()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([
            Method("Misbehaviour::CloseOutput"), Method("Samples::Add", 1, 2), Method("Misbehaviour::Exit", 5), Method("Samples::Add", 1, 3),
            Method("Failures::Throw", "no luck"), Method("Samples::Add", 1, 4),
        ], null);

        await queue.DrainAsync(Shared);

        var tasks = (await queue.TasksAsync()).OrderBy(t => t.Id).Select(t => (t.Ended!.Value, t.Result));
        Assert.Equal(
            [(TaskEnd.Success, "7"), (TaskEnd.Success, "3"), (TaskEnd.ExitCode, null), (TaskEnd.Success, "4"), (TaskEnd.Error, null), (TaskEnd.Success, "5")],
            tasks);
    }

    [Fact]
    public async Task Peak_memory_is_each_task_s_own()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([
            NewTask.ForScript(
                """
                $marshal = [Runtime.InteropServices.Marshal]
                $memory = $marshal::AllocHGlobal(300MB)
                $part = [byte[]]::new(1MB)
                0..299 | ForEach-Object { $marshal::Copy($part, 0, [IntPtr]::Add($memory, $_ * 1MB), $part.Length) }
                $marshal::FreeHGlobal($memory)
                """),
            NewTask.ForScript("1"),
        ], null);

        await queue.DrainAsync(Shared);

        var peaks = (await queue.TasksAsync()).OrderBy(t => t.Id).Select(t => t.PeakMemory!.Value).ToList();
        Assert.True(peaks[0] > 300_000_000, $"{peaks[0]}");
        Assert.InRange(peaks[1], 10_000_000, peaks[0] - 150_000_000);
    }

    private static NewTask Method(string method, params System.Text.Json.Nodes.JsonNode?[] args) => HostedTaskTests.Method(method, args);
}
