using System.Text.Json;
using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class AddingTests
{
    [Fact]
    public async Task A_method_adds_tasks_by_its_worker_and_gets_its_answer()
    {
        AddTasks? asked = null;

        var answer = await RunAsync("Chaining::Add", add =>
        {
            asked = add;
            return new TasksAdded { Id = add.Id, Rows = FakeWorker.Json(new object[] { new object[] { 17L, false }, new object[] { 4L, true } }).GetRawText() };
        }, """[{"name": "a\u0000ä"}, {"name": "b"}]""", """{"kind": "command"}""");

        Assert.Equal("""{"rows":[[17,false],[4,true]]}""", answer);
        Assert.Equal("""[{"name": "a\u0000ä"}, {"name": "b"}]""", asked!.Tasks.GetRawText());
        Assert.Equal("""{"kind": "command"}""", asked.Shared.GetRawText());
    }

    [Fact]
    public async Task An_error_of_the_worker_comes_back_whole()
    {
        var answer = await RunAsync("Chaining::Add", add => new TasksAdded
        {
            Id = add.Id,
            Error = new AddError { Error = "DuplicateClientId", Message = "Client_id \"é\" is taken.", TaskId = 8 },
        }, "[{}]", "{}");

        using var json = JsonDocument.Parse(answer);
        var error = json.RootElement.GetProperty("error");
        Assert.Equal("DuplicateClientId", error.GetProperty("error").GetString());
        Assert.Equal("Client_id \"é\" is taken.", error.GetProperty("message").GetString());
        Assert.Equal(8, error.GetProperty("taskId").GetInt64());
    }

    [Theory]
    [InlineData("[{]", "not JSON")]
    [InlineData("", "not JSON")]
    [InlineData("[] []", "not JSON")]
    public async Task What_is_not_json_is_refused_before_it_reaches_the_worker(string tasks, string named)
    {
        var answer = await RunAsync("Chaining::Add", _ => throw new InvalidOperationException("It did."), tasks, "{}");

        Assert.Contains("InvalidArgument", answer, StringComparison.Ordinal);
        Assert.Contains(named, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tasks_that_a_frame_can_not_hold_are_refused_before_they_reach_the_worker()
    {
        var answer = await RunAsync("Chaining::AddLarge", _ => throw new InvalidOperationException("It did."), FrameStream.MaxFrame);

        Assert.Contains("Add them in several parts", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tasks_that_a_frame_just_holds_go_through()
    {
        var length = 0;

        await RunAsync("Chaining::AddLarge", add =>
        {
            length = add.Tasks[0].GetProperty("script").GetString()!.Length;
            return new TasksAdded { Id = add.Id, Rows = FakeWorker.Json(new object[] { new object[] { 1L, false } }).GetRawText() };
        }, FrameStream.MaxFrame - 2000);

        Assert.Equal(FrameStream.MaxFrame - 2000, length);
    }

    private static async Task<string> RunAsync(string method, Func<AddTasks, TasksAdded> adder, params object?[] args)
    {
        await using var worker = await FakeWorker.StartAsync("method");
        worker.Adder = adder;
        await worker.SendMethodAsync(method, args);
        var ended = await worker.EndAsync();
        Assert.Equal((Outcome.Completed, null), (ended.Outcome, ended.Error?.Message));
        return ended.Result!.Value.GetString()!;
    }
}
