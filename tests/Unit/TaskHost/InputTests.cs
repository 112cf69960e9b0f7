using System.Text.Json;
using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class InputTests
{
    public InputTests() => PowerShellPresence.Require();

    [Fact]
    public async Task A_script_sees_what_came_of_the_tasks_it_waited_for()
    {
        var texts = await RunAsync(
            "$PqTask.Inputs | ForEach-Object { '{0} {1} {2} {3}' -f $_.Id, $_.Name, $_.State, \"$($_.Result)\" }; $PqTask.Inputs.Count; $PqTask.Inputs[2].Result[1].Square.GetType().Name",
            new InputTask { Id = 7, Name = "method", State = "Completed", Result = FakeWorker.Json(new { total = 5 }) },
            new InputTask { Id = 3, Name = "command", State = "Failed", Records = [new() { Text = "one" }] },
            new InputTask { Id = 9, State = "Completed", Records = [new() { Text = "text" }, new() { Clixml = Clixml }] },
            new InputTask { Id = 1, State = "Canceled" });

        Assert.Equal(["7 method Completed @{total=5}", "3 command Failed one", "9  Completed text ", "1  Canceled ", "4", "Int32"], texts);
    }

    [Fact]
    public async Task A_result_that_is_missing_says_why_to_the_one_who_asks_for_it_only()
    {
        var texts = await RunAsync(
            "$PqTask.Inputs[0].Id; try { $PqTask.Inputs[0].Result } catch { \"$_\" }",
            new InputTask { Id = 7, State = "Completed", Missing = "It was too large." });

        Assert.Equal("7", texts[0]);
        Assert.Contains("It was too large.", Assert.Single(texts[1..]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_waited_for_none_has_none_and_knows_its_schedule_and_priority()
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("\"$($PqTask.Inputs.Count) $($PqTask.Priority) $($PqTask.Schedule) $($PqTask.Tick.UtcDateTime.ToString('u'))\"", run => run with
        {
            Schedule = "nightly",
            Tick = new DateTimeOffset(2030, 1, 2, 3, 0, 0, TimeSpan.FromHours(1)),
        });

        await worker.EndAsync();
        Assert.Equal("0 75 nightly 2030-01-02 02:00:00Z", Assert.Single(worker.Records()).Text);
    }

    private const string Clixml =
        """<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T></TN><MS><I32 N="Square">16</I32></MS></Obj></Objs>""";

    private static async Task<List<string?>> RunAsync(string script, params InputTask[] inputs)
    {
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync(script, run => run with { Inputs = JsonSerializer.Serialize(inputs, ProtocolJson.Default.IReadOnlyListInputTask) });
        var ended = await worker.EndAsync();
        Assert.Equal((Outcome.Completed, null), (ended.Outcome, ended.Error?.Message));
        return [.. worker.Records().Select(r => r.Text)];
    }
}
