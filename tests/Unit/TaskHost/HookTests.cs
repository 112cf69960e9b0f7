using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class HookTests
{
    public HookTests() => PowerShellPresence.Require();

    [Fact]
    public async Task Hooks_run_around_the_script_in_its_scope_with_the_task_and_no_error()
    {
        var (ended, verdict, texts) = await RunAsync(
            "\"task $set $env:PGQ_HOOK\"; $left = 'open'",
            "param($task) $set = \"before $($task.Id)\"; $env:PGQ_HOOK = 'env'; Write-Warning $PqTask.Name",
            "param($task, $failure) \"after $($task.Id) $($null -eq $failure) $left\"");

        Assert.Equal((Outcome.Completed, Outcome.Completed, null), (ended.Outcome, verdict!.Outcome, ended.AfterError));
        Assert.Equal(["sample", "task before 42 env", "after 42 True open"], texts);
    }

    [Fact]
    public async Task A_before_that_fails_fails_the_task_in_its_name_and_the_script_is_not_run()
    {
        var (ended, verdict, texts) = await RunAsync("'ran'", "Get-Item /no/such -ErrorAction Stop", "\"after: $($args[1])\"");

        Assert.Equal((Outcome.Failed, Outcome.Failed, "ObjectNotFound"), (ended.Outcome, verdict!.Outcome, ended.Error!.Category));
        Assert.Equal("The hook BeforeTask failed, so the task was not run: Cannot find path '/no/such' because it does not exist.", ended.Error.Message);
        Assert.Equal(["after: " + ended.Error.Message], texts);
    }

    [Fact]
    public async Task A_before_that_exits_with_a_code_has_failed()
    {
        var (ended, _, texts) = await RunAsync("'ran'", "exit 3", null);

        Assert.Equal((Outcome.Failed, null), (ended.Outcome, ended.ExitCode));
        Assert.Equal("The hook BeforeTask failed, so the task was not run: The script exited with code 3.", ended.Error!.Message);
        Assert.Empty(texts);
    }

    [Fact]
    public async Task A_before_that_exits_without_one_lets_the_task_run()
    {
        var (ended, _, texts) = await RunAsync("'ran'", "exit", null);

        Assert.Equal((Outcome.Completed, null), (ended.Outcome, ended.ExitCode));
        Assert.Equal(["ran"], texts);
    }

    [Theory]
    [InlineData("throw [System.FormatException]::new('bad')", "bad,System.FormatException,OperationStopped")]
    [InlineData("exit 4", "The script exited with code 4.,System.Management.Automation.RuntimeException,NotSpecified")]
    [InlineData("if ($true {", ",System.Management.Automation.ParseException,ParserError")]
    public async Task After_is_told_the_error_of_a_script_that_failed(string script, string told)
    {
        var (ended, _, texts) = await RunAsync(
            script, null, "param($task, $failure) '{0},{1},{2}' -f \"$failure\".Split(\"`n\")[-1].Trim(), $failure.Exception.GetType().FullName, $failure.CategoryInfo.Category");

        Assert.Equal(Outcome.Failed, ended.Outcome);
        Assert.EndsWith(told, Assert.Single(texts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("throw 'after is broken'", "after is broken")]
    [InlineData("exit 9", "The script exited with code 9.")]
    [InlineData("$using:missing", "AfterTask can't be run: The script uses $using:missing (line 1), but no value was kept for it when the task was added.")]
    public async Task An_after_that_fails_changes_nothing_but_is_told(string after, string told)
    {
        var (ended, _, texts) = await RunAsync("'ran'; exit 0", null, after);

        Assert.Equal((Outcome.Completed, 0, null, told), (ended.Outcome, ended.ExitCode, ended.Error, ended.AfterError?.Message));
        Assert.Equal(["ran"], texts);
    }

    [Fact]
    public async Task After_runs_when_the_task_is_stopped_and_is_not_stopped_itself()
    {
        await using var worker = await StartAsync("'started'; try { Start-Sleep 600 } finally { 'cleaned up' }", null, "Start-Sleep -Milliseconds 50; \"after: $($args[1])\"");
        await worker.UntilAsync(w => w.Records().Count > 0);

        await worker.SendStopAsync();

        Assert.Equal(Outcome.Stopped, (await worker.EndAsync()).Outcome);
        Assert.Equal(["started", "cleaned up", "after: The task was stopped."], worker.Records().Select(r => r.Text));
    }

    [Fact]
    public async Task A_stop_during_before_keeps_the_script_from_running()
    {
        await using var worker = await StartAsync("'ran'", "'started'; Start-Sleep 600", "'after'");
        await worker.UntilAsync(w => w.Records().Count > 0);

        await worker.SendStopAsync();

        Assert.Equal(Outcome.Stopped, (await worker.EndAsync()).Outcome);
        Assert.Equal(["started", "after"], worker.Records().Select(r => r.Text));
    }

    [Fact]
    public async Task Hooks_have_the_values_of_their_using_variables()
    {
        var (ended, _, texts) = await RunAsync("'ran'", "\"$using:Word\"", "$using:word", h => h with
        {
            Using = """{"word": "given"}""",
        });

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Equal(["given", "ran", "given"], texts);
    }

    [Fact]
    public async Task A_child_for_hooks_alone_runs_nothing_else_and_after_is_told_the_error_from_elsewhere()
    {
        var (ended, _, texts) = await RunAsync(null, null, "\"$($args[1]) $($args[1].CategoryInfo.Category) $($PqTask.Id)\"", h => h with
        {
            Alone = true,
            Error = new ErrorDetail { Message = "It exited with 3.", Category = "InvalidResult" },
        });

        Assert.Equal((Outcome.Completed, null), (ended.Outcome, ended.AfterError));
        Assert.Equal(["It exited with 3. InvalidResult 42"], texts);
    }

    [Fact]
    public async Task After_runs_when_the_task_can_not_be_set_up()
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("'ran'", run => run with
        {
            Spec = SpecMembers.Of(FakeWorker.Json(new { modules = (string[])["NoSuchModule"] })),
            Hooks = new TaskHooks { After = "\"after: $($args[1])\"" },
        });

        Assert.Equal(Outcome.Failed, (await worker.EndAsync()).Outcome);
        Assert.StartsWith("after: The module 'NoSuchModule' can't be imported", Assert.Single(worker.Records()).Text, StringComparison.Ordinal);
    }

    private static async Task<(TaskEnded Ended, TaskEnded? Verdict, List<string?> Texts)> RunAsync(
        string? script, string? before, string? after, Func<TaskHooks, TaskHooks>? more = null)
    {
        await using var worker = await StartAsync(script, before, after, more);
        return (await worker.EndAsync(), worker.Verdict, [.. worker.Records().Select(r => r.Text)]);
    }

    private static async Task<FakeWorker> StartAsync(string? script, string? before, string? after, Func<TaskHooks, TaskHooks>? more = null)
    {
        var worker = await FakeWorker.StartAsync("script");
        var hooks = new TaskHooks { Before = before, After = after };
        await worker.SendScriptAsync(script, run => run with { Hooks = more is null ? hooks : more(hooks) });
        return worker;
    }
}
