using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>
/// Tasks that kill, hang, flood and choke, and such that once stopped a worker: each ends with a reason that says what it
/// was, and neither its worker nor what runs beside it is harmed. More poison is in <see cref="ForkBombTests"/>; in
/// <see cref="HostedTaskTests"/> what crashes, or prints what looks like the protocol; in <see cref="CommandTaskTests"/>
/// binary output, closed streams and specs that can't be read; in <see cref="TaskHost.OrphanTests"/> what keeps its
/// process from ending; in <see cref="TextTests"/> text that can't be stored.
/// </summary>
public sealed class PoisonTests
{
    [Fact]
    public async Task A_task_that_kills_its_worker_ends_as_lost_and_the_others_run_to_their_ends()
    {
        await using var queue = await TestQueue.CreateAsync();
        var poison = (await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", "kill -9 $PPID; sleep 300") with { MaxLost = 1, Queue = "poison" })).Id;
        var harmless = await queue.Client.AddAsync([.. Enumerable.Range(0, 6).Select(_ => NewTask.ForCommand("sleep", "1") with { MaxLost = 2 })], null);
        await using var survivor = await HostProcess.WorkerAsync(queue, "--queue", "default", "--concurrency", "2");
        for (var n = 0; n < 2; n++)
        {
            await using var victim = await HostProcess.WorkerAsync(queue, "--concurrency", "2");
            await victim.WaitAsync();
        }

        await queue.Client.WaitAsync([poison, .. harmless.Select(h => h.Id)], timeout: TimeSpan.FromSeconds(30));

        var task = await queue.TaskAsync(poison);
        Assert.Equal((TaskState.Failed, TaskEnd.Lost, 1, 1), (task.State, task.Ended, task.Lost, task.Attempt));
        Assert.StartsWith("The worker died while it ran this task, for the 2. time", task.Error!.Message, StringComparison.Ordinal);
        Assert.All(await queue.TasksAsync(new() { Queues = ["default"] }), t => Assert.Equal((TaskState.Completed, 1), (t.State, t.Attempt)));
        Assert.False(survivor.HasExited);
    }

    [Fact]
    public async Task A_task_that_eats_memory_ends_by_its_limit_and_says_so()
    {
        await using var queue = await TestQueue.CreateAsync();
        var (command, mark) = Machine.Marked(NewTask.ForCommand("sh", "-c", "head -c 200000000 /dev/zero | tail | sleep 300"));

        var task = await queue.RunBesideAsync(command with { MemoryLimit = 100_000_000 });

        Assert.Equal((TaskState.Failed, TaskEnd.Memory), (task.State, task.Ended));
        Assert.Equal("The task's processes held more memory than its limit of 100,000,000 bytes.", task.Error!.Message);
        Assert.Empty(Machine.ProcessesWith(mark));
    }

    [Fact]
    public async Task A_task_that_ignores_signals_ends_at_its_time_limit_with_all_that_left_its_session()
    {
        await using var queue = await TestQueue.CreateAsync();
        var time = "300." + Environment.TickCount64.ToString(CultureInfo.InvariantCulture);
        var command = NewTask.ForCommand("sh", "-c", $"trap '' TERM INT HUP QUIT; sleep 0.3; setsid sleep {time} & env -i setsid sh -c 'sleep {time} &' & sleep {time} & wait; sleep {time}");

        var task = await queue.RunBesideAsync(
            command with { Timeout = TimeSpan.FromSeconds(1) }, new() { CancelGrace = TimeSpan.FromMilliseconds(200) });

        Assert.Equal((TaskState.Failed, TaskEnd.Timeout), (task.State, task.Ended));
        Assert.Equal("The task ran longer than its time limit of 00:00:01.", task.Error!.Message);
        Assert.Empty(Machine.ProcessesRunning(time));
    }

    [Fact]
    public async Task Output_without_end_is_cut_with_a_notice()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunBesideAsync(
            NewTask.ForCommand("yes", "0123456789") with { Timeout = TimeSpan.FromSeconds(2) }, new() { MaxOutput = 100_000 });

        Assert.Equal((TaskState.Failed, TaskEnd.Timeout), (task.State, task.Ended));
        var output = await queue.OutputAsync(task.Id);
        Assert.InRange(output.Where(o => o.Stream == TaskStream.Output).Sum(o => o.Text!.Length), 80_000, 100_000);
        Assert.StartsWith("PgQueue: output truncated.", Assert.Single(output, o => o.Stream == TaskStream.Warning).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_method_that_returns_200_megabytes_completes_with_their_beginning()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunBesideAsync(Method("Samples::LongText", 200_000_000));

        Assert.Equal(TaskState.Completed, task.State);
        Assert.InRange(task.Result!.Length, 1_000_000, 1_100_000);
        Assert.Contains("[truncated: 198951424 characters]", task.Result, StringComparison.Ordinal);
        Assert.Contains("a text of 200000000 characters", Assert.Single(await queue.OutputAsync(task.Id)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'x' * 200MB", "[truncated: 208666624 characters]")]
    [InlineData("[pscustomobject]@{ Big = 'x' * 200MB }", "[truncated: ")]
    [InlineData("1..200 | ForEach-Object { 'x' * 1MB }", "PgQueue: output truncated.")]
    public async Task A_script_that_returns_200_megabytes_completes_with_their_beginning(string script, string notice)
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunBesideAsync(NewTask.ForScript(script));

        Assert.Equal(TaskState.Completed, task.State);
        var output = await queue.OutputAsync(task.Id);
        Assert.InRange(output.Sum(o => o.Text!.Length + (o.Clixml?.Length ?? 0)), 1_000_000, 11_000_000);
        Assert.Contains(output, o => o.Text!.Contains(notice, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("script")]
    [InlineData("method")]
    public async Task An_error_of_a_megabyte_is_kept_by_its_beginning(string kind)
    {
        var task = kind == "script" ? NewTask.ForScript("throw ('x' * 1000000)") : Method("Failures::ThrowHuge", 1_000_000);
        if (kind == "script")
        {
            Machine.NeedsPwsh();
        }

        await using var queue = await TestQueue.CreateAsync();

        var failed = await queue.RunBesideAsync(task);

        Assert.Equal((TaskState.Failed, TaskEnd.Error), (failed.State, failed.Ended));
        Assert.Equal(new string('x', 65_536) + "… [truncated: 934464 characters]", failed.Error!.Message);
    }

    [Theory]
    [InlineData("Misbehaviour::Nest", TaskState.Completed)]
    [InlineData("Failures::ThrowDeep", TaskState.Failed)]
    public async Task A_method_that_returns_or_throws_what_is_nested_ten_thousand_deep_harms_nothing(string method, TaskState end)
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunBesideAsync(Method(method, 10_000));

        Assert.Equal(end, task.State);
    }

    [Theory]
    [InlineData("$o = 0; 1..10000 | ForEach-Object { $o = @{ In = $o } }; $o")]
    [InlineData("$o = 0; 1..10000 | ForEach-Object { $o = [pscustomobject]@{ In = $o } }; $o")]
    [InlineData("$o = 0; 1..10000 | ForEach-Object { $o = , $o }; , $o")]
    public async Task A_script_that_returns_what_is_nested_ten_thousand_deep_harms_nothing(string script)
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunBesideAsync(NewTask.ForScript(script));

        Assert.Equal(TaskState.Completed, task.State);
        Assert.InRange((await queue.OutputAsync(task.Id)).Sum(o => o.Text!.Length + (o.Clixml?.Length ?? 0)), 1, 1_000_000);
    }

    [Fact]
    public async Task A_deeply_nested_spec_harms_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();
        var nested = string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200));
        var id = (long)(await queue.SqlAsync($$"""select {schema}.add_task('command', spec => '{"file": "true", "x": {{nested}}}')"""))!;

        var other = await queue.RunAsync(NewTask.ForCommand("true"), new() { Concurrency = 1 });

        Assert.Equal(TaskState.Completed, other.State);
        Assert.True((await queue.TaskAsync(id)).IsFinished);
    }

    [Fact]
    public async Task A_time_limit_in_months_is_one_in_days()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (long)(await queue.SqlAsync("""select {schema}.add_task('command', spec => '{"file": "true"}', timeout => '1 month')"""))!;

        await queue.DrainAsync();

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Completed, TimeSpan.FromDays(30)), (task.State, task.Timeout));
    }

    [Fact]
    public async Task A_cancel_and_a_time_limit_reach_a_method_that_is_given_two_megabytes()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(
            NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples.Samples::ReadInput", JsonValue.Create(new string('x', 2_000_000))) with { Timeout = TimeSpan.FromSeconds(20) });

        Assert.Equal((TaskState.Failed, TaskEnd.Error), (task.State, task.Ended));
    }

    private static NewTask Method(string method, params JsonNode?[] args) =>
        NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples." + method, args);
}
