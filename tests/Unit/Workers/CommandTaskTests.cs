using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class CommandTaskTests
{
    [Fact]
    public async Task A_command_gets_its_arguments_directory_and_environment_and_its_streams_are_kept_apart()
    {
        await using var queue = await TestQueue.CreateAsync();
        var command = NewTask.ForCommand("sh", "-c", "echo \"$1|$X|$PWD|$PGQUEUE_TASK_ATTEMPT\"; echo bad >&2; cat", "sh", "a b \"c\" $d");
        command.Spec!["env"] = new JsonObject { ["X"] = "ü", ["HOME"] = null };
        command.Spec["cwd"] = "/";

        var task = await queue.RunAsync(command);

        Assert.Equal((TaskState.Completed, TaskEnd.Success, 0), (task.State, task.Ended, task.ExitCode));
        var output = await queue.OutputAsync(task.Id);
        Assert.Equal("a b \"c\" $d|ü|/|1", Assert.Single(output, o => o.Stream == TaskStream.Output).Text);
        Assert.Equal("bad", Assert.Single(output, o => o.Stream == TaskStream.Error).Text);
    }

    [Fact]
    public async Task An_exit_code_counts_as_success_only_where_it_was_said_to()
    {
        await using var queue = await TestQueue.CreateAsync();
        var command = NewTask.ForCommand("sh", "-c", "exit 3");

        var failed = await queue.RunAsync(command);
        command.Spec!["successCodes"] = new JsonArray(0, 3);
        var completed = await queue.RunAsync(command);

        Assert.Equal((TaskState.Failed, TaskEnd.ExitCode, 3), (failed.State, failed.Ended, failed.ExitCode));
        Assert.Equal("The command 'sh' ended with exit code 3.", failed.Error!.Message);
        Assert.Equal((TaskState.Completed, 3), (completed.State, completed.ExitCode));
    }

    [Fact]
    public async Task A_signal_is_told_from_an_exit_code()
    {
        await using var queue = await TestQueue.CreateAsync();

        var signaled = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "kill -SEGV $$"));
        var exited = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "exit 139"));

        Assert.Equal((TaskEnd.Signal, 11, null), (signaled.Ended, signaled.Signal, signaled.ExitCode));
        Assert.Equal((TaskEnd.ExitCode, null, 139), (exited.Ended, exited.Signal, exited.ExitCode));
        Assert.Equal("The task's process was ended by SIGSEGV (11).", signaled.Error!.Message);
    }

    [Theory]
    [InlineData("no-such-program", null, "The executable 'no-such-program' was not found on")]
    [InlineData("/etc/passwd", null, "The executable '/etc/passwd' was not found on")]
    [InlineData("true", "/no/such/folder", "The working directory '/no/such/folder' does not exist on")]
    public async Task What_can_not_be_started_fails_with_what_is_missing(string file, string? directory, string message)
    {
        await using var queue = await TestQueue.CreateAsync();
        var command = NewTask.ForCommand(file);
        command.Spec!["cwd"] = directory;

        var task = await queue.RunAsync(command);

        Assert.Equal((TaskState.Failed, TaskEnd.Error), (task.State, task.Ended));
        Assert.StartsWith(message, task.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spec_that_can_not_be_read_fails_its_task_alone()
    {
        await using var queue = await TestQueue.CreateAsync();
        var bad = (long)(await queue.SqlAsync("""select {schema}.add_task('command', spec => '{"file": 5}')"""))!;

        var good = await queue.RunAsync(NewTask.ForCommand("true"));

        Assert.Equal(TaskState.Completed, good.State);
        var task = await queue.TaskAsync(bad);
        Assert.Equal((TaskState.Failed, TaskEnd.Error), (task.State, task.Ended));
        Assert.StartsWith("The task's spec can't be read:", task.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_task_leaves_running_ends_with_it()
    {
        await using var queue = await TestQueue.CreateAsync();

        var (command, mark) = Machine.Marked(NewTask.ForCommand("sh", "-c", "sleep 300 & echo started"));

        var task = await queue.RunAsync(command);

        Assert.Equal(TaskState.Completed, task.State);
        await Until.TrueAsync(() => Task.FromResult(Machine.ProcessesWith(mark).Count == 0));
    }

    [Fact]
    public async Task Binary_output_half_lines_and_closed_streams_harm_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();

        var binary = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "printf 'a\\000b\\377c\\n\\033[31mred'"));
        var closed = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "exec >&- 2>&-; sleep 0.1; exit 4"));

        Assert.Equal(["a\u2400b\uFFFDc", "\e[31mred"], (await queue.OutputAsync(binary.Id)).Select(o => o.Text));
        Assert.Equal((TaskEnd.ExitCode, 4), (closed.Ended, closed.ExitCode));
    }

    [Fact]
    public async Task A_child_never_sees_the_databases_credentials()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = HostProcess.Start(queue, "worker", "--drain");
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("env"))).Id;
        await queue.Client.WaitAsync([id], timeout: TimeSpan.FromSeconds(20));

        var environment = string.Join('\n', (await queue.OutputAsync(id)).Select(o => o.Text));

        Assert.Contains("PGQUEUE_TASK_ID=", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("PGQUEUE_CONNECTION", environment, StringComparison.Ordinal);
        var password = new Npgsql.NpgsqlConnectionStringBuilder(queue.ConnectionString).Password;
        Assert.True(string.IsNullOrEmpty(password) || !environment.Contains(password, StringComparison.Ordinal));
    }
}
