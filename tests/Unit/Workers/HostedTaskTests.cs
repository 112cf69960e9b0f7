using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class HostedTaskTests
{
    [Fact]
    public async Task A_method_gets_its_arguments_and_its_result_is_kept_as_json()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(Method("Samples::AddAsync", 40, 2));

        Assert.Equal((TaskState.Completed, "42"), (task.State, task.Result));
    }

    [Theory]
    [InlineData("Samples::NoSuch", TaskEnd.Error, "NoSuch")]
    [InlineData("NoSuchType::Add", TaskEnd.Error, "NoSuchType")]
    [InlineData("Failures::Throw", TaskEnd.Error, "out of luck")]
    public async Task What_is_wrong_with_a_method_is_named(string method, TaskEnd end, string named)
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(Method(method, "out of luck"));

        Assert.Equal((TaskState.Failed, end), (task.State, task.Ended));
        Assert.Contains(named, task.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_method_whose_assembly_is_missing_fails_with_its_path()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(NewTask.ForMethod("/no/such.dll", "A::B"));

        Assert.Equal(TaskEnd.Error, task.Ended);
        Assert.Contains("/no/such.dll", task.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_dies_is_told_from_an_error()
    {
        await using var queue = await TestQueue.CreateAsync();

        var crashed = await queue.RunAsync(Method("Misbehaviour::FailFast", "boom"));
        var exited = await queue.RunAsync(Method("Misbehaviour::Exit", 5));

        Assert.Equal((TaskEnd.Signal, 6), (crashed.Ended, crashed.Signal));
        Assert.Equal((TaskEnd.ExitCode, 5), (exited.Ended, exited.ExitCode));
        Assert.Equal("The task ended its process with exit code 5 before it was done.", exited.Error!.Message);
    }

    [Fact]
    public async Task A_method_that_ignores_its_token_is_killed_with_all_it_started_at_its_time_limit()
    {
        await using var queue = await TestQueue.CreateAsync();
        var mark = "300." + Environment.TickCount64;

        var task = await queue.RunAsync(
            Method("Misbehaviour::SpawnDetachedAndHang", 300) with { Timeout = TimeSpan.FromSeconds(1), Name = mark },
            new() { CancelGrace = TimeSpan.FromMilliseconds(100), WarmChildren = 0 });

        Assert.Equal(TaskEnd.Timeout, task.Ended);
        var grandchild = int.Parse((await queue.OutputAsync(task.Id)).First(o => o.Text!.StartsWith("pid ", StringComparison.Ordinal)).Text![4..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.False(Machine.IsAlive(grandchild));
    }

    [Fact]
    public async Task A_running_task_that_is_canceled_ends_canceled_whatever_it_answers()
    {
        await using var queue = await TestQueue.CreateAsync();
        var command = (await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"))).Id;
        var method = (await queue.Client.AddAsync(Method("Misbehaviour::HangAsync"))).Id;
        var told = new System.Collections.Concurrent.ConcurrentQueue<WorkerEvent>();
        var working = queue.DrainAsync(new() { Concurrency = 2, OnEvent = told.Enqueue });
        await Until.TrueAsync(async () => (await queue.Client.CountAsync(new() { States = [TaskState.Running] })) == 2);

        await queue.Client.CancelAsync([command, method], "no longer wanted");
        await working;

        Assert.Equal(
            [(TaskState.Canceled, "no longer wanted"), (TaskState.Canceled, "no longer wanted")],
            told.OfType<TaskFinished>().Select(e => (e.State, e.Error?.Message)));

        foreach (var id in (long[])[command, method])
        {
            var task = await queue.TaskAsync(id);
            Assert.Equal((TaskState.Canceled, TaskEnd.Canceled, "no longer wanted"), (task.State, task.Ended, task.Error!.Message));
        }
    }

    [Fact]
    public async Task What_a_method_prints_can_not_be_taken_for_the_protocol()
    {
        await using var queue = await TestQueue.CreateAsync();

        var printed = await queue.RunAsync(Method("Misbehaviour::PrintBinary"));
        var closed = await queue.RunAsync(Method("Misbehaviour::CloseOutput"));
        var many = await queue.RunAsync(Method("Misbehaviour::Print", 20), new() { MaxOutput = 1_000_000 });

        Assert.Equal(TaskState.Completed, printed.State);
        Assert.Contains(await queue.OutputAsync(printed.Id), o => o.Text!.Contains("half a line", StringComparison.Ordinal));
        Assert.Equal((TaskState.Completed, "7"), (closed.State, closed.Result));
        Assert.Equal(TaskState.Completed, many.State);
        Assert.InRange((await queue.OutputAsync(many.Id)).Count, 900, 1000);
    }

    [Fact]
    public async Task A_script_runs_in_powershell_with_its_arguments_and_streams()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        var script = NewTask.ForScript("param($n, $Word) Write-Warning $Word; Write-Verbose v -Verbose; [pscustomobject]@{ N = $n; Edition = \"$($PSVersionTable.PSEdition)\" }", 5);
        script.Spec!["params"] = new JsonObject { ["Word"] = "careful" };

        var task = await queue.RunAsync(script);

        Assert.Equal(TaskState.Completed, task.State);
        var output = await queue.OutputAsync(task.Id);
        Assert.Equal("careful", Assert.Single(output, o => o.Stream == TaskStream.Warning).Text);
        Assert.Equal("v", Assert.Single(output, o => o.Stream == TaskStream.Verbose).Text);
        var result = Assert.Single(output, o => o.Stream == TaskStream.Output);
        Assert.Contains("<I32 N=\"N\">5</I32>", result.Clixml, StringComparison.Ordinal);
        Assert.Contains("Core", result.Clixml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scripts_terminating_error_keeps_all_its_parts()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(NewTask.ForScript("function Break-It { Get-Item /no/such -ErrorAction Stop }\nBreak-It"));

        Assert.Equal((TaskState.Failed, TaskEnd.Error), (task.State, task.Ended));
        var error = task.Error!;
        Assert.Equal("ObjectNotFound", error.Category);
        Assert.StartsWith("PathNotFound", error.ErrorId, StringComparison.Ordinal);
        Assert.Contains("/no/such", error.Message, StringComparison.Ordinal);
        Assert.Contains("Break-It", error.ScriptStackTrace, StringComparison.Ordinal);
    }

    internal static NewTask Method(string method, params JsonNode?[] args) =>
        NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples." + method, args);
}
