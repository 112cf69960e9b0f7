using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class HostFilterTests
{
    [Fact]
    public async Task A_hosted_worker_takes_what_its_options_say()
    {
        await using var queue = await TestQueue.CreateAsync();
        var task = NewTask.ForCommand("true") with { Queue = "import", Name = "import-1", Tags = ["gpu"], Priority = int.MaxValue };
        NewTask[] others =
        [
            task with { Priority = TaskPriority.Low }, task with { Tags = ["disk"] }, task with { Name = "export" },
        ];
        var wanted = (await queue.Client.AddAsync(task)).Id;
        await queue.Client.AddAsync(others, null);

        await using var worker = await HostProcess.WorkerAsync(
            queue, "--for", "600", "--priority", "High..", "--priority", "3", "--tag", "gpu", "--task-name", "import*", "--queue-concurrency", "im*=2");
        await queue.Client.WaitAsync([wanted], timeout: TimeSpan.FromSeconds(20));
        var seen = await queue.Client.GetWorkersAsync().SingleAsync();
        worker.Terminate();
        await worker.WaitAsync();

        Assert.Equal("priority 75.., 3; tag gpu; name import*; at once im*: 2", seen.Filter);
        Assert.Equal(1L, await queue.SqlAsync("select count(*) from {schema}.history"));
        Assert.Equal(3L, await queue.SqlAsync("select count(*) from {schema}.task where state = 'ready'"));
    }

    [Theory]
    [InlineData("--priority", "soon", "'soon' is no priority")]
    [InlineData("--queue-concurrency", "import", "'import' is no limit of a queue")]
    public async Task An_option_that_can_not_be_read_is_refused(string option, string value, string says)
    {
        await using var queue = await TestQueue.CreateEmptyAsync();
        await using var worker = HostProcess.Start(queue, "worker", option, value);

        Assert.NotEqual(0, await worker.WaitAsync());
        await Until.TrueAsync(() => Task.FromResult(worker.Output.Contains(says, StringComparison.Ordinal)));
    }
}
