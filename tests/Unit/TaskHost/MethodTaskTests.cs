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
}
