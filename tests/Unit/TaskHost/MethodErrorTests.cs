using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

public sealed class MethodErrorTests
{
    [Theory]
    [InlineData("Samples::Ad", "has no method 'Ad'. Did you mean Add?")]
    [InlineData("Sample::Add", "has no type 'PgQueue.TaskSamples.Sample'. Did you mean PgQueue.TaskSamples.Samples?")]
    [InlineData("Samples.Add", "'PgQueue.TaskSamples.Samples.Add' does not name a method. Write it as Namespace.Type::Method.")]
    [InlineData("Samples::Hidden", "can't be a task: it is not public.")]
    [InlineData("Node::Instance", "can't be a task: it is not static.")]
    [InlineData("Samples::Add", "Samples::Add(int a, int b) can't be called: its parameter 'a' (int) is missing.")]
    [InlineData("Samples::Add", "its parameter 'b' (int) is missing.", 1)]
    [InlineData("Samples::Add", "3 arguments are given, it takes at most 2.", 1, 2, 3)]
    [InlineData("Samples::Nothing", "1 argument is given, it takes none.", 1)]
    [InlineData("Samples::Add", "the argument for 'b', \"two\", can't be converted to int.", 1, "two")]
    [InlineData("Samples::Add", "the argument for 'b', 1.5, can't be converted to int.", 1, 1.5)]
    [InlineData("Samples::Add", "the argument for 'b', null, can't be converted to int.", 1, null)]
    [InlineData("Samples::Which", "No overload of 'Which' takes these arguments:", true)]
    [InlineData("Samples::Ambiguous", "The arguments fit both", "x")]
    public async Task What_can_not_be_called_fails_with_what_is_wrong(string method, string expected, params object?[] args)
    {
        var (ended, _) = await FakeWorker.RunMethodAsync(method, args);

        Assert.Equal(Outcome.Failed, ended.Outcome);
        Assert.Contains(expected, ended.Error!.Message, StringComparison.Ordinal);
        Assert.Null(ended.Error.StackTrace);
    }

    [Fact]
    public async Task A_missing_assembly_is_named()
    {
        var path = Path.Combine(Path.GetTempPath(), "pgqueue-no-such.dll");

        var ended = await RunAsync(new MethodSpec { Assembly = path, Method = "A::B" });

        Assert.Equal($"The assembly '{path}' does not exist on this machine.", ended.Error?.Message);
    }

    [Fact]
    public async Task A_file_that_is_no_assembly_is_named()
    {
        var path = Path.ChangeExtension(TaskHostFiles.Samples, ".deps.json");

        var ended = await RunAsync(new MethodSpec { Assembly = path, Method = "A::B" });

        Assert.StartsWith($"The file '{path}' is not an assembly that .NET can load here", ended.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_argument_for_an_unknown_name_is_named()
    {
        var ended = await RunAsync(new MethodSpec
        {
            Assembly = TaskHostFiles.Samples,
            Method = "PgQueue.TaskSamples.Samples::Add",
            Params = new Dictionary<string, System.Text.Json.JsonElement> { ["A"] = FakeWorker.Json(1), ["c"] = FakeWorker.Json(2) },
        });

        Assert.EndsWith("can't be called: it has no parameter 'c'.", ended.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PowerShell_object_is_refused_as_an_argument()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Samples::Kind", new Dictionary<string, string> { ["$clixml"] = "<Objs/>" });

        Assert.Contains("the argument for 'value' is a PowerShell object that JSON can't carry", ended.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thrown_exception_comes_with_type_message_stack_and_cause()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Failures::ThrowAsync", "broken");

        var error = ended.Error!;
        Assert.Equal((Outcome.Failed, "broken", "System.InvalidOperationException"), (ended.Outcome, error.Message, error.Type));
        Assert.Contains("PgQueue.TaskSamples.Failures.ThrowAsync", error.StackTrace, StringComparison.Ordinal);
        Assert.Equal(("the cause", "System.FormatException"), (error.Inner?.Message, error.Inner?.Type));
    }

    [Fact]
    public async Task An_aggregate_of_one_is_told_as_that_one()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Failures::ThrowAggregate");

        Assert.Equal(("the only one", "System.ArgumentException"), (ended.Error?.Message, ended.Error?.Type));
    }

    [Fact]
    public async Task A_chain_of_causes_is_kept_eight_deep()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Failures::ThrowDeep", 20);

        var depth = 0;
        for (var error = ended.Error; error is not null; error = error.Inner)
        {
            depth++;
        }

        Assert.Equal(8, depth);
    }

    [Fact]
    public async Task A_huge_message_is_cut_with_a_notice()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Failures::ThrowHuge", 100_000);

        Assert.Equal(new string('x', 64 * 1024) + "… [truncated: 34464 characters]", ended.Error?.Message);
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_failure()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Failures::ThrowCanceled");

        Assert.Equal((Outcome.Failed, "System.OperationCanceledException"), (ended.Outcome, ended.Error?.Type));
    }

    [Fact]
    public async Task An_error_within_a_lazy_result_is_the_methods_own()
    {
        var (ended, _) = await FakeWorker.RunMethodAsync("Failures::LazyThrow");

        Assert.Equal((Outcome.Failed, "while the sequence was read"), (ended.Outcome, ended.Error?.Message));
    }

    [Theory]
    [InlineData("Misbehaviour::Exit", 3, 3)]
    [InlineData("Misbehaviour::FailFast", 134, "gone")]
    [InlineData("Misbehaviour::ThrowInBackground", 134)]
    public async Task A_process_that_dies_hangs_up_without_an_end(string method, int exitCode, params object?[] args)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Exit codes of crashes are Unix's here.");
        await using var worker = await FakeWorker.StartAsync("method", variables: new Dictionary<string, string?> { ["DOTNET_DbgEnableMiniDump"] = "0" });

        await worker.SendMethodAsync(method, args);

        await Assert.ThrowsAsync<EndOfStreamException>(worker.EndAsync);
        Assert.Equal(exitCode, await worker.ExitAsync());
    }

    private static async Task<TaskEnded> RunAsync(MethodSpec spec)
    {
        await using var worker = await FakeWorker.StartAsync("method");
        await worker.SendAsync(spec);
        return await worker.EndAsync();
    }
}
