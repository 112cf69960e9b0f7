using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>A worker that has run very many tasks holds no more than one that has run few.</summary>
[CollectionDefinition(nameof(EnduranceTests), DisableParallelization = true)]
[Collection(nameof(EnduranceTests))]
public sealed class EnduranceTests
{
    /// <summary>
    /// How many tasks instead of those that the suite has time for: <c>PGQUEUE_ENDURANCE_TASKS=200000</c> is a day in small.
    /// With <c>-showLiveOutput</c> it is told what the worker held meanwhile.
    /// </summary>
    private const string Variable = "PGQUEUE_ENDURANCE_TASKS";

    [Fact]
    public Task Two_hundred_thousand_tasks_leave_a_worker_as_it_was() =>
        EndureAsync(Count(200_000), NewTask.ForHandler("noop"), concurrency: 500);

    [Fact]
    public Task Thousands_of_processes_leave_their_worker_as_it_was() =>
        EndureAsync(Count(3000), NewTask.ForCommand("true"), concurrency: 8);

    private static int Count(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out var wanted) ? wanted : usual;

    private static async Task EndureAsync(int count, NewTask task, int concurrency)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a process holds is read from /proc.");
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Repeat(new NewTask(), count)], task);
        var watch = new EnduranceWatch();

        Assert.Equal(0, await watch.RunAsync(queue, concurrency, TimeSpan.FromMinutes(3) + (TimeSpan.FromMilliseconds(20) * count)));

        Assert.Equal((long)count, await queue.SqlAsync("select count(*) from {schema}.history where state = 'completed' and run = 1"));
        watch.AssertFlat(moreMemory: 24 << 20, moreHeap: 8 << 20);
    }
}
