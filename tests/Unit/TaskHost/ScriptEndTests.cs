using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class ScriptEndTests
{
    public ScriptEndTests() => PowerShellPresence.Require();

    [Fact]
    public async Task A_thrown_error_fails_the_task_with_all_its_parts()
    {
        var (ended, records) = await FakeWorker.RunScriptAsync(
            """
            function Fail { throw [System.InvalidOperationException]::new('outer', [System.FormatException]::new('inner')) }
            'before'
            Fail
            """);

        Assert.Equal("before", Assert.Single(records).Text);
        var error = ended.Error!;
        Assert.Equal((Outcome.Failed, "outer", "System.InvalidOperationException"), (ended.Outcome, error.Message, error.Type));
        Assert.Equal(("OperationStopped", "outer"), (error.Category, error.ErrorId));
        Assert.StartsWith("At line:1 char:17", error.Position, StringComparison.Ordinal);
        Assert.Equal("at Fail, <No file>: line 1\nat <ScriptBlock>, <No file>: line 3", error.ScriptStackTrace?.ReplaceLineEndings("\n"));
        Assert.Equal(("inner", "System.FormatException"), (error.Inner?.Message, error.Inner?.Type));
    }

    [Fact]
    public async Task An_error_made_terminating_fails_the_task()
    {
        var (ended, _) = await FakeWorker.RunScriptAsync("Get-Item /no/such/thing -ErrorAction Stop; 'after'");

        var error = ended.Error!;
        Assert.Equal((Outcome.Failed, "ObjectNotFound", "/no/such/thing"), (ended.Outcome, error.Category, error.Target));
        Assert.Equal("PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand", error.ErrorId);
        Assert.Equal("Cannot find path '/no/such/thing' because it does not exist.", error.Message);
    }

    [Fact]
    public async Task Errors_that_do_not_end_the_script_do_not_fail_it()
    {
        var (ended, records) = await FakeWorker.RunScriptAsync("Write-Error 'one'; Get-Item /no/such/thing; 'after'");

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Null(ended.Error);
        Assert.Equal([OutputStream.Error, OutputStream.Error, OutputStream.Output], records.Select(r => r.Stream));
        Assert.Contains("ErrorRecord", records[0].Clixml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_syntax_error_fails_with_the_parsers_message_and_position()
    {
        var (ended, _) = await FakeWorker.RunScriptAsync("'fine'\nif ($true {");

        var error = ended.Error!;
        Assert.Equal((Outcome.Failed, "ParserError"), (ended.Outcome, error.Category));
        Assert.StartsWith("Unexpected token '{' in expression or statement.", error.Message, StringComparison.Ordinal);
        Assert.Equal("At line:2 char:11\n+ if ($true {\n+           ~", error.Position);
    }

    [Theory]
    [InlineData("exit 0; 'after'", 0, null)]
    [InlineData("exit; 'after'", 0, null)]
    [InlineData("& { exit 3 }; 'after'", 3, "The script exited with code 3.")]
    [InlineData("exit -1", -1, "The script exited with code -1.")]
    public async Task Exit_ends_the_script_with_its_code(string script, int code, string? message)
    {
        var (ended, records) = await FakeWorker.RunScriptAsync(script);

        Assert.Equal((code == 0 ? Outcome.Completed : Outcome.Failed, code, message), (ended.Outcome, ended.ExitCode, ended.Error?.Message));
        Assert.Empty(records);
    }

    [Theory]
    [InlineData("try { 'started'; Start-Sleep 600 } finally { Write-Warning 'cleaned up' }")]
    [InlineData("try { 'started'; while ($true) { } } finally { Write-Warning 'cleaned up' }")]
    // No command after 'started': a stop in the midst of finding one is told by PowerShell as an error of its finding.
    [InlineData("trap { Write-Warning 'no error'; continue } try { 'started'; while ($true) { } } catch { 'no error' } finally { Write-Warning 'cleaned up' }")]
    [InlineData("function Hold { [CmdletBinding()] param() process { 'started'; Start-Sleep 600 } clean { Write-Warning 'cleaned up' } } Hold")]
    [InlineData("& { process { 'started'; while ($true) { } } clean { Write-Warning 'cleaned up' } }")]
    public async Task A_script_that_is_told_to_stop_cleans_up(string script)
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync(script);
        await worker.UntilAsync(w => w.Records().Count > 0);

        await worker.SendStopAsync();

        Assert.Equal(Outcome.Stopped, (await worker.EndAsync()).Outcome);
        Assert.Equal(["started", "cleaned up"], worker.Records().Select(r => r.Text));
    }

    [Fact]
    public async Task A_stop_that_comes_with_the_task_stops_it()
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendStopAsync();
        await worker.SendScriptAsync("Start-Sleep 600");

        Assert.Equal(Outcome.Stopped, (await worker.EndAsync()).Outcome);
    }

    [Theory]
    [InlineData("Read-Host 'name'", "a value for 'name'")]
    [InlineData("$Host.UI.PromptForChoice('Sure?', 'Really?', @('&Yes', '&No'), 0)", "a choice (Really?)")]
    [InlineData("Get-Credential", "a credential")]
    [InlineData("$Host.UI.ReadLine()", "a line of input")]
    [InlineData("$Host.EnterNestedPrompt()", "a nested prompt")]
    public async Task A_script_that_asks_gets_an_error_instead_of_a_hang(string script, string wanted)
    {
        var (ended, records) = await FakeWorker.RunScriptAsync(script + "; 'after'");

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Contains($"The script asks for {wanted}, but a task runs non-interactively", records[0].Text, StringComparison.Ordinal);
        Assert.Equal("after", records[^1].Text);
    }

    [Fact]
    public async Task A_missing_mandatory_parameter_is_named()
    {
        var (ended, _) = await FakeWorker.RunScriptAsync("param([Parameter(Mandatory)]$Wanted) 1");

        Assert.Equal((Outcome.Failed, "MissingMandatoryParameter"), (ended.Outcome, ended.Error?.ErrorId));
        Assert.Contains("Wanted", ended.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exiting_event_is_raised()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Prints by sh.");
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("$null = Register-EngineEvent PowerShell.Exiting -Action { [Console]::WriteLine('bye') }");

        Assert.Equal(Outcome.Completed, (await worker.EndAsync()).Outcome);
        Assert.Equal("bye", worker.Printed.Trim());
    }

    [Fact]
    public async Task The_same_runs_inside_a_pwsh()
    {
        var load = $"$null = [Reflection.Assembly]::LoadFrom('{TaskHostFiles.TaskHost}'); exit [PgQueue.TaskHost.Program]::Main(@('script'))";
        await using var worker = await FakeWorker.StartAsync("script", ["pwsh", "-NoProfile", "-NonInteractive", "-Command", load]);
        await worker.SendScriptAsync("param($A) \"$A $($Host.Name)\"; exit 2", new ScriptSpec { Args = [FakeWorker.Json(1)] });

        Assert.Equal(2, (await worker.EndAsync()).ExitCode);
        Assert.Equal("1 PgQueueHost", Assert.Single(worker.Records()).Text);
    }
}
