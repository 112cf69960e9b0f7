using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class HookedTaskTests
{
    private readonly ConcurrentQueue<string> _warnings = [];

    public HookedTaskTests() => Machine.NeedsPwsh();

    [Fact]
    public async Task Hooks_of_a_command_and_of_a_method_run_in_children_of_their_own()
    {
        await using var queue = await TestQueue.CreateAsync();
        var command = (await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", "echo told; exit 3") with { Name = "c" })).Id;
        var method = (await queue.Client.AddAsync(Method("Samples::Add", 1, 2) with { Name = "m" })).Id;

        await queue.DrainAsync(Hooks("\"before $($args[0].Name) $($PqTask.Id)\"", "\"after $($args[0].Name): $($args[1])\""));

        Assert.Equal([$"before c {command}", "told", "after c: The command 'sh' ended with exit code 3."], await TextsAsync(queue, command));
        Assert.Equal([$"before m {method}", "after m: "], await TextsAsync(queue, method));
        Assert.Equal((TaskState.Failed, 3), ((await queue.TaskAsync(command)).State, (await queue.TaskAsync(command)).ExitCode));
        Assert.Equal((TaskState.Completed, "3"), ((await queue.TaskAsync(method)).State, (await queue.TaskAsync(method)).Result));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_before_that_fails_fails_the_attempt_of_every_kind_of_task_in_its_name()
    {
        await using var queue = await TestQueue.CreateAsync();
        long[] ids =
        [
            (await queue.Client.AddAsync(NewTask.ForCommand("echo", "ran"))).Id,
            (await queue.Client.AddAsync(Method("Samples::Add", 1, 2))).Id,
            (await queue.Client.AddAsync(NewTask.ForScript("'ran'") with { MaxAttempts = 2 })).Id,
        ];

        await queue.DrainAsync(Hooks("throw 'no licence'", "\"after: $($args[1])\""));

        foreach (var id in ids)
        {
            var task = await queue.TaskAsync(id);
            Assert.Equal((TaskState.Failed, TaskEnd.Error), (task.State, task.Ended));
            Assert.Equal("The hook BeforeTask failed, so the task was not run: no licence", task.Error!.Message);
            Assert.Equal("after: " + task.Error.Message, Assert.Single(await TextsAsync(queue, id)));
            Assert.Equal(id == ids[2] ? 2 : 1, task.Attempt);
        }
    }

    [Theory]
    [InlineData("throw 'no disk'", "no disk")]
    [InlineData("exit 7", "The script exited with code 7.")]
    [InlineData("[Environment]::Exit(0)", "it did not come to its end, since its process was ended.")]
    [InlineData("Stop-Process -Id $PID", "it did not come to its end, since its process was ended.")]
    public async Task An_after_that_fails_leaves_the_end_of_a_script_as_it_is_and_is_told_twice(string after, string told)
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(NewTask.ForScript("'ran'"), Hooks(null, after));

        Assert.Equal((TaskState.Completed, TaskEnd.Success, null), (task.State, task.Ended, task.Error?.Message));
        var warning = Assert.Single(await queue.OutputAsync(task.Id), o => o.Stream == TaskStream.Warning);
        Assert.Equal($"The worker's hook AfterTask failed: {told}", warning.Text);
        Assert.Equal($"The hook AfterTask of task {task.Id} failed: {told}", Assert.Single(_warnings));
    }

    [Fact]
    public async Task An_after_that_fails_leaves_the_end_of_a_command_as_it_is()
    {
        await using var queue = await TestQueue.CreateAsync();

        var thrown = await queue.RunAsync(NewTask.ForCommand("true"), Hooks(null, "throw 'no disk'"));
        var died = await queue.RunAsync(NewTask.ForCommand("true"), Hooks(null, "[Environment]::Exit(4)"));

        Assert.Equal((TaskState.Completed, TaskState.Completed), (thrown.State, died.State));
        Assert.Equal(2, _warnings.Count);
    }

    [Fact]
    public async Task A_time_limit_that_ends_after_does_not_fail_a_task_that_had_ended_in_time()
    {
        await using var queue = await TestQueue.CreateAsync();

        var script = await queue.RunAsync(NewTask.ForScript("'ran'") with { Timeout = TimeSpan.FromSeconds(8) }, Hooks(null, "while ($true) { }") with { CancelGrace = TimeSpan.FromMilliseconds(200) });

        Assert.Equal((TaskState.Completed, TaskEnd.Success), (script.State, script.Ended));
        Assert.Contains("did not come to its end", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_runs_in_the_grace_period_of_a_canceled_task_which_cleans_up_before()
    {
        await using var queue = await TestQueue.CreateAsync();
        long[] gives =
        [
            (await queue.Client.AddAsync(NewTask.ForScript("try { 'up'; Start-Sleep 600 } finally { 'cleaned up' }"))).Id,
            (await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", "trap 'echo cleaned up; exit 0' TERM; echo up; while :; do sleep 0.05; done"))).Id,
            (await queue.Client.AddAsync(NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples.Misbehaviour::HangAndCleanUpAsync"))).Id,
        ];
        var working = queue.DrainAsync(Hooks(null, "\"after: $($args[1])\"") with { Concurrency = 3, CancelGrace = TimeSpan.FromSeconds(30) });
        await Until.TrueAsync(async () => (await Task.WhenAll(gives.Select(id => TextsAsync(queue, id)))).All(t => t.Count == 1));

        await queue.Client.CancelAsync(gives);
        await working;

        foreach (var id in gives)
        {
            var texts = await TextsAsync(queue, id, TaskStream.Output);
            Assert.Equal(["up", "cleaned up"], texts[..2]);
            Assert.StartsWith("after: The task was ", texts[2], StringComparison.Ordinal);
            Assert.Equal(TaskState.Canceled, (await queue.TaskAsync(id)).State);
        }
    }

    [Fact]
    public async Task After_does_not_run_where_the_task_was_killed()
    {
        await using var queue = await TestQueue.CreateAsync();
        var command = (await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done"))).Id;
        var script = (await queue.Client.AddAsync(NewTask.ForScript("'up'; [Threading.Thread]::Sleep(-1)"))).Id;
        var working = queue.DrainAsync(Hooks(null, "'after'") with { Concurrency = 2, CancelGrace = TimeSpan.FromMilliseconds(300) });
        await Until.TrueAsync(async () => (await TextsAsync(queue, command)).Count == 1 && (await TextsAsync(queue, script)).Count == 1);

        await queue.Client.CancelAsync([command, script]);
        await working;

        Assert.Equal(["up"], await TextsAsync(queue, command));
        Assert.Equal(["up"], await TextsAsync(queue, script));
        Assert.Equal(2, await queue.Client.CountAsync(new() { States = [TaskState.Canceled] }));
    }

    [Fact]
    public async Task A_host_takes_hooks_from_files()
    {
        await using var queue = await TestQueue.CreateAsync();
        using var folder = new TemporaryFolder();
        var (before, after) = (folder.File("before.ps1", "$word = 'set'"), folder.File("after.ps1", "throw \"after $word\""));
        var id = (await queue.Client.AddAsync(NewTask.ForScript("$word"))).Id;

        await using var host = HostProcess.Start(queue, "worker", "--drain", "--before-task", before, "--after-task", after);
        Assert.Equal(0, await host.WaitAsync());
        await using var refused = HostProcess.Start(queue, "worker", "--drain", "--before-task", before + ".no");
        Assert.NotEqual(0, await refused.WaitAsync());

        Assert.Equal(["set"], await TextsAsync(queue, id, TaskStream.Output));
        Assert.Contains("AfterTask", host.Output, StringComparison.Ordinal);
        Assert.Contains("before.ps1.no", refused.Output, StringComparison.Ordinal);
    }

    private WorkerOptions Hooks(string? before, string? after) => new()
    {
        BeforeTask = before,
        AfterTask = after,
        OnEvent = e =>
        {
            if (e is WorkerWarning warning)
            {
                _warnings.Enqueue(warning.Message);
            }
        },
    };

    private static async Task<List<string?>> TextsAsync(TestQueue queue, long id, TaskStream? only = null) =>
        [.. (await queue.OutputAsync(id)).Where(o => only is null || o.Stream == only).Select(o => o.Text)];

    private static NewTask Method(string method, params JsonNode?[] args) =>
        NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples." + method, args);
}
