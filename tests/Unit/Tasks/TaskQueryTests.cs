using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class TaskQueryTests
{
    private static readonly DateTimeOffset Noon = new(2030, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<TaskQuery, string[]> Filters() => new()
    {
        { new() { Priorities = [TaskPriority.High, 7] }, ["a", "c"] },
        { new() { Groups = ["cust*"] }, ["b"] },
        { new() { Schedules = ["night?y"] }, ["c"] },
        { new() { Ends = [TaskEnd.Timeout, TaskEnd.ExitCode] }, ["d", "e"] },
        { new() { ExitCodes = [3, 4] }, ["d"] },
        { new() { ErrorTypes = ["timeoutexception"] }, ["e"] },
        { new() { ErrorTypes = ["System.*"] }, ["e"] },
        { new() { ErrorTypes = ["System"] }, [] },
        { new() { ErrorText = "t?ok 5*%" }, ["e"] },
        { new() { DueFrom = Noon, DueBefore = Noon.AddSeconds(1) }, ["c"] },
        { new() { StartedFrom = Noon.AddHours(1), StartedBefore = Noon.AddHours(2) }, ["e"] },
        { new() { Ids = [1, 2, 3], Kinds = [TaskKind.Command], States = [TaskState.Ready] }, ["a", "b"] },
        { new() { SortBy = TaskSort.Name, Ascending = true }, ["a", "b", "c", "d", "e"] },
        { new() { SortBy = TaskSort.Queue, Ascending = true }, ["b", "a", "c", "d", "e"] },
        { new() { SortBy = TaskSort.Priority }, ["c", "e", "d", "b", "a"] },
        { new() { SortBy = TaskSort.StartedAt, Ascending = true }, ["d", "e", "a", "b", "c"] },
        { new() { SortBy = TaskSort.Duration, Limit = 2 }, ["d", "e"] },
        { new() { SortBy = TaskSort.FinishedAt, Limit = 2, Offset = 1 }, ["d", "c"] },
        { new() { SortBy = TaskSort.RunAt, Limit = 1 }, ["c"] },
        { new() { SortBy = TaskSort.CreatedAt, Ascending = true, Limit = 1 }, ["a"] },
        { new() { SortBy = TaskSort.Id, Limit = 1 }, ["e"] },
    };

    [Fact]
    public async Task What_is_read_to_its_end_is_not_canceled()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Range(1, 10).Select(_ => NewTask.ForCommand("true"))], null);
        await using var line = new LossyLine(queue.ConnectionString, "nothing is lost", delivers: true);
        await using var client = QueueClient.Create(line.ConnectionString, queue.Schema);
        Assert.Equal(10, await client.QueryAsync(new()).CountAsync());
        var connections = line.Connections;

        Assert.Equal(10, await client.QueryAsync(new()).CountAsync());
        Assert.NotNull(await client.GetAsync(1));
        Assert.Equal(connections, line.Connections);

        // One that is left half-way is: the server is told by a connection of its own.
        Assert.NotNull(await client.QueryAsync(new()).FirstAsync());
        Assert.Equal(connections + 1, line.Connections);
    }

    [Theory]
    [MemberData(nameof(Filters), DisableDiscoveryEnumeration = true)]
    public async Task Filters_order_and_page_are_the_databases(TaskQuery query, string[] expected)
    {
        await using var queue = await TestQueue.CreateAsync();
        await FillAsync(queue);

        var found = (await queue.TasksAsync(query)).Select(t => t.Name!);

        Assert.Equal(expected, query.SortBy == TaskSort.Id ? found.Order() : found);
    }

    [Fact]
    public async Task All_that_a_task_was_given_is_read_back()
    {
        await using var queue = await TestQueue.CreateAsync();
        var first = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var expires = DateTimeOffset.UtcNow.AddHours(1);
        var added = await queue.Client.AddAsync(NewTask.ForCommand("true") with
        {
            Group = "g",
            GroupOrder = GroupOrder.Lifo,
            After = [first],
            DeadLetterQueue = "dead",
            ExpiresAt = expires,
            MaxLost = 1,
            MaxAttempts = 3,
            Retry = new() { Delay = TimeSpan.FromSeconds(9), Backoff = Backoff.Linear, RetryOn = ["IOException"] },
        });
        await queue.SqlAsync("""update {schema}.task set schedule = 's', tick = '2030-01-01' where id = $1""", added.Id);
        await queue.SqlAsync("""update {schema}.task set retry = '{"made": "up"}' where id = $1""", first);

        var task = await queue.TaskAsync(added.Id);

        Assert.Equal(("g", GroupOrder.Lifo, "dead", 1, "s"), (task.Group, task.GroupOrder, task.DeadLetterQueue, task.MaxLost, task.Schedule));
        Assert.Equal([first], task.After);
        Assert.Equal(expires.UtcDateTime, task.ExpiresAt!.Value.ToUniversalTime(), TimeSpan.FromMilliseconds(1));
        Assert.Equal((TimeSpan.FromSeconds(9), "IOException"), (task.Retry!.Delay, Assert.Single(task.Retry.RetryOn!)));
        Assert.Equal("after 9s, linear up to 1h, on IOException", task.Retry.ToString());
        Assert.NotNull(task.Tick);
        Assert.Null((await queue.TaskAsync(first)).Retry);
    }

    /// <summary>Five tasks, a to e, ids 1 to 5; d and e have failed.</summary>
    private static async Task FillAsync(TestQueue queue)
    {
        var task = NewTask.ForCommand("true");
        await queue.Client.AddAsync(
            [
                task with { Name = "a", Priority = 7 },
                task with { Name = "b", Priority = 8, Queue = "an earlier one", Group = "customer 5" },
                task with { Name = "c", Priority = TaskPriority.High, RunAt = Noon },
                task with { Name = "d", Priority = 9 },
                task with { Name = "e", Priority = 10 },
            ],
            null);
        await queue.SqlAsync("update {schema}.task set schedule = 'nightly' where name = 'c'");
        await queue.Client.CancelAsync([4, 5]);
        await queue.SqlAsync("""
            update {schema}.history
            set state = 'failed',
                ended = case name when 'd' then 'exit_code' else 'timeout' end::{schema}.task_end,
                exit_code = case name when 'd' then 3 end,
                error = case name when 'd' then '{"message": "exit code 3"}' else '{"message": "it took 50 %", "type": "System.TimeoutException"}' end::jsonb,
                started_at = '2030-05-01 12:00+00'::timestamptz + case name when 'd' then interval '0' else interval '1 hour' end,
                finished_at = '2030-05-01 16:00+00'::timestamptz + case name when 'd' then interval '0' else interval '1 minute' end
            """);
    }
}
