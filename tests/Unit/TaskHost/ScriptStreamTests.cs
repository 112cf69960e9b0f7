using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class ScriptStreamTests
{
    public ScriptStreamTests() => PowerShellPresence.Require();

    [Fact]
    public async Task Every_stream_is_captured_in_order()
    {
        var (ended, records) = await FakeWorker.RunScriptAsync(
            """
            'output'
            Write-Error 'error'
            Write-Warning 'warning'
            Write-Verbose 'verbose' -Verbose
            Write-Debug 'debug' -Debug
            Write-Information 'information'
            Write-Host 'host' -ForegroundColor Red
            Write-Progress 'progress' -Status 'half' -PercentComplete 50
            $Host.UI.Write('dir'); $Host.UI.WriteLine('ect')
            'shown' | Out-Host
            Write-Verbose 'silent'
            """);

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Equal(
            [
                (OutputStream.Output, "output"),
                (OutputStream.Error, "error"),
                (OutputStream.Warning, "warning"),
                (OutputStream.Verbose, "verbose"),
                (OutputStream.Debug, "debug"),
                (OutputStream.Information, "information"),
                (OutputStream.Information, "host"),
                (OutputStream.Progress, "progress: half 50 %"),
                (OutputStream.Information, "direct"),
                (OutputStream.Information, "shown"),
            ],
            records.Select(r => (r.Stream, r.Text ?? string.Empty)));
    }

    [Theory]
    [InlineData("'text'", "text", null)]
    [InlineData("12", "12", "<I32>12</I32>")]
    [InlineData("[datetime]'2020-01-02'", "01/02/2020 00:00:00", "<DT>2020-01-02T00:00:00</DT>")]
    [InlineData("$null", "", "<Nil />")]
    [InlineData("[pscustomobject]@{ N = 1; S = 'x' }", "@{N=1; S=x}", "<I32 N=\"N\">1</I32>")]
    [InlineData("@{ A = @{ B = 1 } }", "@{A=@{B=1}}", "<DCT>")]
    [InlineData(", @(1, 2)", "1 2", "<LST>")]
    [InlineData("[pscustomobject]@{ Lines = \"a`nb\" }", "@{Lines=a b}", "a_x000A_b")]
    [InlineData("[char]0xD800 + ''", "\uFFFD", null)]
    public async Task An_object_is_kept_as_text_and_as_CLIXML(string script, string text, string? clixml)
    {
        var (_, records) = await FakeWorker.RunScriptAsync(script);

        var record = Assert.Single(records);
        Assert.Equal(text, record.Text);
        if (clixml is null)
        {
            Assert.Null(record.Clixml);
        }
        else
        {
            Assert.Contains(clixml, record.Clixml, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Any_text_arrives_as_it_was()
    {
        var characters = string.Concat(Enumerable.Range(0, 0x300).Select(c => (char)c)) + "€ 日本語 😀 \u2028 \uFFFF";
        var text = characters + new string('x', 1022 - characters.Length) + "😀😀" + new string('\n', 5000);

        var (_, records) = await FakeWorker.RunScriptAsync("$args[0]", new ScriptSpec { Args = [FakeWorker.Json(text)] });

        Assert.Equal(text, Assert.Single(records).Text);
    }

    [Fact]
    public async Task A_table_is_kept_as_orders_and_as_text()
    {
        var (_, records) = await FakeWorker.RunScriptAsync("[pscustomobject]@{ Name = 'a'; Size = 1 } | Format-Table");

        Assert.All(records, r => Assert.NotNull(r.Clixml));
        Assert.Equal("Name Size\n---- ----\na       1", records[^1].Text?.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Write_Host_keeps_its_colours_and_prints_nothing()
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("Write-Host 'a' -ForegroundColor Red -NoNewline; Write-Host 'b'");
        await worker.EndAsync();

        var records = worker.Records();
        Assert.Equal(["a", "b"], records.Select(r => r.Text));
        Assert.Contains("Red", records[0].Clixml, StringComparison.Ordinal);
        Assert.Empty(worker.Printed);
    }

    [Fact]
    public async Task What_a_script_prints_past_PowerShell_goes_to_standard_output()
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("[Console]::WriteLine('raw'); [Console]::Error.WriteLine('raw error'); \"[$([Console]::In.ReadLine())]\"");
        await worker.EndAsync();

        Assert.Equal("[]", Assert.Single(worker.Records()).Text);
        Assert.Equal(("raw", "raw error"), (worker.Printed.Trim(), worker.PrintedErrors.Trim()));
    }

    [Fact]
    public async Task Progress_is_thinned_out_but_its_last_and_its_end_are_kept()
    {
        var (_, records) = await FakeWorker.RunScriptAsync(
            "1..1000 | ForEach-Object { Write-Progress Busy -Status \"s$_\" }; Write-Progress Busy -Completed; Write-Progress Other -Id 2 -Status one; Write-Progress Other -Id 2 -Status two");

        Assert.InRange(records.Count, 5, 100);
        Assert.Contains(records, r => r.Text == "Busy: s1000");
        Assert.Contains(records, r => r.Clixml!.Contains("Completed", StringComparison.Ordinal));
        Assert.Equal("Other: two", records[^1].Text);
    }

    [Fact]
    public async Task Records_come_while_the_script_still_runs()
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("'started'; Start-Sleep 600");

        await worker.UntilAsync(w => w.Records().Any(r => r.Text == "started"));
        await worker.SendStopAsync();

        Assert.Equal(Outcome.Stopped, (await worker.EndAsync()).Outcome);
    }

    [Fact]
    public async Task A_long_text_is_cut_with_a_notice()
    {
        var (_, records) = await FakeWorker.RunScriptAsync("'x' * 1500000");

        Assert.Equal(new string('x', 1024 * 1024) + "… [truncated: 451424 characters]", Assert.Single(records).Text);
    }

    [Fact]
    public async Task An_object_too_large_for_CLIXML_is_kept_as_text_with_a_warning()
    {
        var (ended, records) = await FakeWorker.RunScriptAsync("[pscustomobject]@{ Big = 'x' * 9000000 }");

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Equal([OutputStream.Output, OutputStream.Warning], records.Select(r => r.Stream));
        Assert.Null(records[0].Clixml);
        Assert.StartsWith("An object of type System.Management.Automation.PSCustomObject takes 9000", records[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_objects_are_cut_where_a_jobs_output_is()
    {
        var (ended, records) = await FakeWorker.RunScriptAsync("Get-Process -Id $PID");

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.InRange(Assert.Single(records).Clixml!.Length, 1000, 100_000);
    }

    [Fact]
    public async Task A_flood_of_records_arrives_whole_and_in_order_in_few_frames()
    {
        var (_, records) = await FakeWorker.RunScriptAsync("1..20000 | ForEach-Object { \"line $_\" }");

        Assert.Equal(Enumerable.Range(1, 20000).Select(n => $"line {n}"), records.Select(r => r.Text));
    }

    [Fact]
    public async Task A_property_that_throws_does_not_stop_the_script()
    {
        var (ended, records) = await FakeWorker.RunScriptAsync(
            "$o = [pscustomobject]@{ A = 1 }; $o | Add-Member ScriptProperty Bad { throw 'no' }; $o | Add-Member ScriptMethod ToString { throw 'no' } -Force; $o; 'after'");

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Equal("after", records[^1].Text);
    }
}
