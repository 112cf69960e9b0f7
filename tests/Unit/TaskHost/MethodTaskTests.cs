using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class MethodTaskTests
{
    [Theory]
    [InlineData("Samples::Add", "5", 2, 3)]
    [InlineData("Samples::AddAsync", "5", 2, 3)]
    [InlineData("Samples::GreetAsync", "\"Hello, Ada!\"", "Ada")]
    [InlineData("Samples::GreetAsync", "\"Hi, Ada!\"", "Ada", "Hi")]
    [InlineData("Samples::Join", "\"1-2-3\"", "-", 1, 2, 3)]
    [InlineData("Samples::Join", "\"1-2\"", "-", new[] { 1, 2 })]
    [InlineData("Samples::Join", "\"\"", "-")]
    [InlineData("Samples::Which", "\"int 1\"", 1)]
    [InlineData("Samples::Which", "\"double 1.5\"", 1.5)]
    [InlineData("Samples::Which", "\"string 1\"", "1")]
    [InlineData("Samples::Kind", "\"Int32\"", 1)]
    [InlineData("Samples::Kind", "\"Object[]\"", new[] { 1, 2 })]
    [InlineData("Samples::Lazy", "[1,4,9]", 3)]
    [InlineData("Samples::ViaDependency", "\"{\\u0022Text\\u0022:\\u0022x\\u0022}\"", "x")]
    [InlineData("Samples::SynchronizationContextName", "\"(none)\"")]
    [InlineData("Samples::LongText", null, 100_000)]
    public async Task A_method_is_called_with_its_arguments_and_returns_its_result(string method, string? expected, params object?[] args)
    {
        var (ended, _) = await FakeWorker.RunMethodAsync(method, args);

        Assert.Equal((Outcome.Completed, null), (ended.Outcome, ended.Error?.Message));
        if (expected is not null)
        {
            Assert.Equal(expected, ended.Result?.GetRawText());
        }
    }

    [Theory]
    [InlineData("Samples::Nothing")]
    [InlineData("Samples::NothingAsync")]
    [InlineData("Samples::NothingValueAsync")]
    [InlineData("Samples::ReadInput")]
    public async Task A_method_that_returns_nothing_completes_without_a_result(string method)
    {
        var (ended, records) = await FakeWorker.RunMethodAsync(method);

        Assert.Equal((Outcome.Completed, null), (ended.Outcome, ended.Error?.Message));
        Assert.Null(ended.Result);
        Assert.Empty(records);
    }

    [Fact]
    public async Task Arguments_become_what_the_parameters_are_declared_as()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync(
            "Samples::Describe",
            "2026-01-02T03:04:05Z",
            "7d444840-9dc0-11d1-b245-5ffdce74fad2",
            "1.02:03:04",
            "Friday",
            null,
            "some/file.txt",
            "https://example.org/x",
            new List<string> { "a", "b" },
            new { x = 1, Y = 2 });

        Assert.Equal(
            "2026-01-02T03:04:05.0000000Z|7d444840-9dc0-11d1-b245-5ffdce74fad2|1.02:03:04|Friday|none|file.txt|example.org|a,b|1/2",
            ended.Result?.GetString());
    }

    [Fact]
    public async Task Arguments_are_passed_by_name_and_by_position_together()
    {
        await using var worker = await FakeWorker.StartAsync("method");
        await worker.SendAsync(new MethodSpec
        {
            Assembly = TaskHostFiles.Samples,
            Method = "PgQueue.TaskSamples.Samples::GreetAsync",
            Args = [FakeWorker.Json("Ada")],
            Params = new Dictionary<string, System.Text.Json.JsonElement> { ["GREETING"] = FakeWorker.Json("Hi") },
        });

        Assert.Equal("Hi, Ada!", (await worker.EndAsync()).Result?.GetString());
    }

    [Fact]
    public async Task An_object_is_returned_with_its_properties()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Samples::Mirror", new { X = 1, Y = 2 });

        Assert.Equal("""{"X":2,"Y":1}""", ended.Result?.GetRawText());
    }

    [Fact]
    public async Task An_object_that_refers_to_itself_is_returned_without_the_loop()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Samples::Cycle");

        Assert.Equal("""{"Name":"loop","Next":null}""", ended.Result?.GetRawText());
    }

    [Fact]
    public async Task A_result_that_JSON_can_not_carry_is_kept_as_text_with_a_warning()
    {
        var (ended, records) = await FakeWorker.RunMethodAsync("Samples::Unserializable");

        Assert.Equal((Outcome.Completed, "PgQueue.TaskSamples.Samples"), (ended.Outcome, ended.Result?.GetString()));
        Assert.Contains("can't be written as JSON", Assert.Single(records, r => r.Stream == OutputStream.Warning).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_huge_result_is_cut_with_a_warning()
    {
        var (ended, records) = await FakeWorker.RunMethodAsync("Samples::LongText", 9_000_000);

        Assert.EndsWith("… [truncated: 7951424 characters]", ended.Result?.GetString(), StringComparison.Ordinal);
        Assert.Contains("a text of 9000000 characters", Assert.Single(records).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_of_an_asynchronous_sequence_are_the_tasks_output()
    {
        var (ended, records) = await FakeWorker.RunMethodAsync("Samples::Stream", 3);

        Assert.Equal(Outcome.Completed, ended.Outcome);
        Assert.Equal(["1", "2", "3"], records.Select(r => r.Text));
    }

    [Fact]
    public async Task A_method_runs_in_its_directory_with_its_variables()
    {
        await using var worker = await FakeWorker.StartAsync("method", variables: new Dictionary<string, string?> { ["PGQ_GONE"] = "x" });
        await worker.SendAsync(new MethodSpec
        {
            Assembly = TaskHostFiles.Samples,
            Method = "PgQueue.TaskSamples.Samples::Environment",
            Args = [FakeWorker.Json("PGQ_SET")],
            Env = new Dictionary<string, string?> { ["PGQ_SET"] = "yes", ["PGQ_GONE"] = null },
        });

        Assert.Equal("yes", (await worker.EndAsync()).Result?.GetString());
    }

    [Theory]
    [InlineData(ChildEnvironment.Socket)]
    [InlineData(ChildEnvironment.Token)]
    public async Task A_task_does_not_see_the_workers_socket_or_token(string variable)
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Samples::Environment", variable);

        Assert.Equal("(not set)", ended.Result?.GetString());
    }

    [Fact]
    public async Task A_foreground_thread_left_behind_does_not_keep_the_child()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Misbehaviour::LeaveThread");

        Assert.Equal("1", ended.Result?.GetRawText());
    }

    [Fact]
    public async Task A_method_that_is_told_to_stop_has_its_token_cancelled()
    {
        await using var worker = await FakeWorker.StartAsync("method");
        await worker.SendMethodAsync("Misbehaviour::HangAsync");

        await worker.SendStopAsync();

        Assert.Equal(Outcome.Stopped, (await worker.EndAsync()).Outcome);
    }

    [Fact]
    public async Task Closing_standard_output_does_not_close_the_line_to_the_worker()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Closes Unix descriptors.");
        var (ended, _) = await FakeWorker.RunMethodAsync("Misbehaviour::CloseOutput");

        Assert.Equal("7", ended.Result?.GetRawText());
    }

    [Fact]
    public async Task What_a_method_prints_is_never_taken_for_the_protocol()
    {
        await using var worker = await FakeWorker.StartAsync("method");
        await worker.SendMethodAsync("Misbehaviour::PrintBinary");

        Assert.Equal(Outcome.Completed, (await worker.EndAsync()).Outcome);
        Assert.Empty(worker.Records());
        Assert.Contains("""{"ended":{"outcome":"Completed"}}half a line""", worker.Printed, StringComparison.Ordinal);
    }
}
