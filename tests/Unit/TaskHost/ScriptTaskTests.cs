using System.Text.Json;
using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class ScriptTaskTests
{
    private const string DateAsClixml =
        """<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><DT>2020-01-02T03:04:05</DT></Objs>""";

    public ScriptTaskTests() => PowerShellPresence.Require();

    [Fact]
    public async Task Arguments_come_by_position_and_by_name_with_their_types()
    {
        var texts = await OutputAsync(
            "param($A, $B, [switch]$Loud, [Parameter(ValueFromRemainingArguments)]$Rest) \"$A|$B|$Loud|$Rest\"; $A.GetType().Name; $B.GetType().Name",
            new ScriptSpec
            {
                Args = [FakeWorker.Json(1), FakeWorker.Json("x"), FakeWorker.Json("y")],
                Params = Values(("B", 2.5), ("Loud", true)),
            });

        Assert.Equal(["1|2.5|True|x y", "Int32", "Double"], texts);
    }

    [Theory]
    [InlineData("1", "Int32 1")]
    [InlineData("3000000000", "Int64 3000000000")]
    [InlineData("123456789012345678901234567890", "BigInteger 123456789012345678901234567890")]
    [InlineData("1.0", "Double 1")]
    [InlineData("1e3", "Double 1000")]
    [InlineData("true", "Boolean True")]
    [InlineData("\"text\"", "String text")]
    [InlineData("[1,\"b\",null]", "Object[] 1 b ")]
    [InlineData("{\"N\":1,\"M\":{\"O\":2}}", "PSCustomObject @{N=1; M=}")]
    [InlineData("{\"a\":1,\"A\":2}", "OrderedDictionary System.Collections.Specialized.OrderedDictionary")]
    public async Task A_JSON_value_becomes_what_PowerShell_would_make_of_it(string json, string expected)
    {
        using var value = JsonDocument.Parse(json);

        var texts = await OutputAsync("\"$($args[0].GetType().Name) $($args[0])\"", new ScriptSpec { Args = [value.RootElement] });

        Assert.Equal([expected], texts);
    }

    [Fact]
    public async Task A_value_kept_as_CLIXML_comes_back_as_it_was()
    {
        var texts = await OutputAsync(
            "param($When) $When.GetType().Name; $When.ToString('s')",
            new ScriptSpec { Params = Values(("When", new Dictionary<string, string> { [ScriptSpec.ClixmlProperty] = DateAsClixml })) });

        Assert.Equal(["DateTime", "2020-01-02T03:04:05"], texts);
    }

    [Fact]
    public async Task Using_values_are_seen_in_functions_strings_and_blocks()
    {
        var texts = await OutputAsync(
            """
            function Get-It { $Using:Name }
            Get-It
            "in a string: $using:name, ${using:name}, $($using:item.Part[1])"
            1 | ForEach-Object { $using:name.Length }
            & { $using:list -join '+' }
            """,
            new ScriptSpec { Using = Values(("name", "Ada"), ("item", new { Part = new List<int> { 5, 6 } }), ("list", new List<int> { 1, 2 })) });

        Assert.Equal(["Ada", "in a string: Ada, Ada, 6", "3", "1+2"], texts);
    }

    [Fact]
    public async Task Using_in_a_block_for_another_runspace_takes_the_scripts_own_variable()
    {
        var texts = await OutputAsync("$own = 5; 1 | ForEach-Object -Parallel { $using:own + $_ }");

        Assert.Equal(["6"], texts);
    }

    [Fact]
    public async Task A_using_value_that_was_not_kept_is_named()
    {
        var (ended, records) = await FakeWorker.RunScriptAsync("'first'\n$using:Missing.Part");

        Assert.Equal(Outcome.Failed, ended.Outcome);
        Assert.Equal("The script uses $using:Missing.Part (line 2), but no value was kept for it when the task was added.", ended.Error?.Message);
        Assert.Empty(records);
    }

    [Fact]
    public async Task A_script_knows_its_task_and_can_not_change_that()
    {
        var (_, records) = await FakeWorker.RunScriptAsync("\"$PqTask\"; $PqTask.Deadline.Year; $PqTask = 1");

        Assert.StartsWith("@{Id=42; Name=sample; Queue=default; Priority=75; Attempt=2; MaxAttempts=5; Run=3; Deadline=", records[0].Text, StringComparison.Ordinal);
        Assert.Contains("; Worker=fake; Schedule=; Tick=; Inputs=", records[0].Text, StringComparison.Ordinal);
        Assert.Equal("2031", records[1].Text);
        Assert.Equal((OutputStream.Error, "Cannot overwrite variable PqTask because it is read-only or constant."), (records[2].Stream, records[2].Text));
    }

    [Fact]
    public async Task A_script_runs_in_its_directory_with_its_variables()
    {
        var folder = Directory.CreateTempSubdirectory("pq[th]-");
        try
        {
            var texts = await OutputAsync(
                "$PWD.ProviderPath; [Environment]::CurrentDirectory; \"$env:PGQ_SET|$env:HOME\"",
                new ScriptSpec { Cwd = folder.FullName, Env = new Dictionary<string, string?> { ["PGQ_SET"] = "yes", ["HOME"] = null } });

            Assert.Equal([folder.FullName, folder.FullName, "yes|"], texts);
        }
        finally
        {
            folder.Delete();
        }
    }

    [Fact]
    public async Task A_missing_directory_is_named()
    {
        var (ended, _) = await FakeWorker.RunScriptAsync("1", new ScriptSpec { Cwd = "/no/such/folder" });

        Assert.Equal("The task's working directory '/no/such/folder' does not exist on this machine.", ended.Error?.Message);
    }

    [Fact]
    public async Task Modules_are_imported_before_the_script_runs()
    {
        var texts = await OutputAsync("(Get-Module Microsoft.PowerShell.Archive).Name", new ScriptSpec { Modules = ["Microsoft.PowerShell.Archive"] });

        Assert.Equal(["Microsoft.PowerShell.Archive"], texts);
    }

    [Fact]
    public async Task A_missing_module_is_named()
    {
        var (ended, _) = await FakeWorker.RunScriptAsync("1", new ScriptSpec { Modules = ["No.Such.Module"] });

        Assert.Equal(Outcome.Failed, ended.Outcome);
        Assert.StartsWith("The module 'No.Such.Module' can't be imported: ", ended.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_session_is_that_of_a_fresh_pwsh()
    {
        var texts = await OutputAsync(
            """
            Test-Path $PSHOME/System.Management.Automation.dll
            $env:PSModulePath.Split([IO.Path]::PathSeparator) -contains (Join-Path $PSHOME Modules)
            ConvertTo-Json @{ A = 1 } -Compress
            Add-Type 'public static class Added { public static int Five() => 5; }'; [Added]::Five()
            Start-Job { 6 } | Receive-Job -Wait
            "$PROFILE|$Error|$LASTEXITCODE|$ErrorActionPreference|$(@($input).Count)"
            [Newtonsoft.Json.JsonConvert].Name
            """);

        Assert.Equal(["True", "True", "{\"A\":1}", "5", "6", "|||Continue|0", "JsonConvert"], texts);
    }

    [Fact]
    public async Task Native_commands_behave_as_in_a_console()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Calls sh.");
        var (ended, records) = await FakeWorker.RunScriptAsync(
            "'b','a' | sort; sh -c 'echo out; echo err >&2; exit 3'; \"$LASTEXITCODE $?\"; sh -c 'cat; echo end' | Select-String e");

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Equal(["a", "b", "out", "3 False", "end"], records.Where(r => r.Stream == OutputStream.Output).Select(r => r.Text));
        Assert.Equal("err", Assert.Single(records, r => r.Stream == OutputStream.Error).Text);
    }

    [Fact]
    public async Task A_script_file_runs_as_a_file()
    {
        var (path, ended, texts) = await RunFileAsync(
            "param($A, [switch]$Loud) \"$A $Loud $PSScriptRoot\"; $MyInvocation.MyCommand.Path; sh -c 'exit 4'",
            new ScriptSpec { Args = [FakeWorker.Json("x")], Params = Values(("Loud", true)) });

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Equal([$"x True {Path.GetDirectoryName(path)}", path], texts);
    }

    [Fact]
    public async Task A_script_files_exit_code_is_the_tasks()
    {
        var (_, ended, texts) = await RunFileAsync("function Stop-It { exit 7 }; 'before'; Stop-It; 'after'", new ScriptSpec());

        Assert.Equal((Outcome.Failed, 7, "The script exited with code 7."), (ended.Outcome, ended.ExitCode, ended.Error?.Message));
        Assert.Equal(["before"], texts);
    }

    [Fact]
    public async Task An_error_in_a_script_file_names_the_file()
    {
        var (path, ended, _) = await RunFileAsync("\n  throw 'bad'", new ScriptSpec());

        Assert.StartsWith($"At {path}:2 char:3", ended.Error?.Position, StringComparison.Ordinal);
        Assert.StartsWith($"at <ScriptBlock>, {path}: line 2", ended.Error?.ScriptStackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_script_file_is_named()
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync(null, new ScriptSpec { File = "/no/such.ps1" });

        Assert.Equal("The script file '/no/such.ps1' does not exist on this machine.", (await worker.EndAsync()).Error?.Message);
    }

    private static Dictionary<string, JsonElement> Values(params (string Name, object? Value)[] values) =>
        values.ToDictionary(v => v.Name, v => FakeWorker.Json(v.Value));

    private static async Task<IEnumerable<string?>> OutputAsync(string script, ScriptSpec? spec = null)
    {
        var (ended, records) = await FakeWorker.RunScriptAsync(script, spec);
        Assert.Equal((Outcome.Completed, null), (ended.Outcome, ended.Error?.Message));
        Assert.Empty(records.Where(r => r.Stream != OutputStream.Output).Select(r => $"{r.Stream}: {r.Text}"));
        return records.Select(r => r.Text);
    }

    private static async Task<(string Path, TaskEnded Ended, IEnumerable<string?> Texts)> RunFileAsync(string text, ScriptSpec spec)
    {
        var folder = Directory.CreateTempSubdirectory("pqth-");
        try
        {
            var path = Path.Combine(folder.FullName, "task.ps1");
            await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
            await using var worker = await FakeWorker.StartAsync("script");
            await worker.SendScriptAsync(null, spec with { File = path });
            var ended = await worker.EndAsync();
            return (path, ended, worker.Records().Select(r => r.Text));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
