using System.Text.Json;
using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class InputReaderTests
{
    [Fact]
    public async Task What_came_of_tasks_is_read_in_the_order_they_are_named_by_kind()
    {
        await using var queue = await TestQueue.CreateAsync();
        var command = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "echo one; echo bad >&2; echo two; exit 1") with { Name = "list" });
        var method = await queue.RunAsync(NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples.Samples::Add", 40, 2));
        var waiting = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Delay = TimeSpan.FromHours(1) })).Id;

        var inputs = await ReadAsync(queue, method.Id, 999_999, waiting, command.Id);

        Assert.Equal([method.Id, 999_999, waiting, command.Id], inputs.Select(i => i.GetProperty("id").GetInt64()));
        Assert.Equal(("Completed", "42"), (Text(inputs[0], "state"), inputs[0].GetProperty("result").GetRawText()));
        Assert.Contains("not in the queue any more", Text(inputs[1], "missing"), StringComparison.Ordinal);
        Assert.Equal("Scheduled", Text(inputs[2], "state"));
        Assert.Equal(("list", "Failed"), (Text(inputs[3], "name"), Text(inputs[3], "state")));
        Assert.Equal(["one", "two"], Records(inputs[3]));
    }

    [Fact]
    public async Task A_scripts_objects_are_those_of_its_last_run()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        var task = await queue.RunAsync(NewTask.ForScript("Write-Warning no; \"run $($PqTask.Run)\"; [pscustomobject]@{ N = 1 }"));
        await queue.Client.RestartAsync([task.Id]);
        await queue.DrainAsync();

        var input = Assert.Single(await ReadAsync(queue, task.Id));

        var records = input.GetProperty("records").EnumerateArray().ToList();
        Assert.Equal(2, records.Count);
        Assert.Equal("run 2", Text(records[0], "text"));
        Assert.Contains("<I32 N=\"N\">1</I32>", Text(records[1], "clixml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_is_left_out_with_a_notice_and_so_is_what_comes_after_it()
    {
        await using var queue = await TestQueue.CreateAsync();
        var small = await queue.RunAsync(NewTask.ForCommand("echo", "small"));
        var large = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "yes $(head -c 5000 /dev/zero | tr '\\0' x) | head -n 1700"));
        var later = await queue.RunAsync(NewTask.ForCommand("echo", "later"));

        var inputs = await ReadAsync(queue, small.Id, large.Id, later.Id);

        Assert.Equal(["small"], Records(inputs[0]));
        foreach (var (input, id) in new[] { (inputs[1], large.Id), (inputs[2], later.Id) })
        {
            Assert.Equal("Completed", Text(input, "state"));
            Assert.False(input.TryGetProperty("records", out _));
            Assert.Contains($"so that of task {id} was left out", Text(input, "missing"), StringComparison.Ordinal);
        }
    }

    private static async Task<List<JsonElement>> ReadAsync(TestQueue queue, params long[] ids)
    {
        var database = queue.Client.Database;
        var inputs = await new InputReader(database, new Outage(_ => { }, database)).ReadAsync(ids, CancellationToken.None);
        return [.. JsonElement.Parse(inputs).EnumerateArray()];
    }

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static List<string?> Records(JsonElement input) => [.. input.GetProperty("records").EnumerateArray().Select(r => Text(r, "text"))];
}
