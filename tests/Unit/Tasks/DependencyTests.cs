using Npgsql;
using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>Tasks that run after others.</summary>
public sealed class DependencyTests
{
    private static NewTask After(params long[] ids) => NewTask.ForCommand("true") with { After = ids };

    [Fact]
    public async Task A_diamond_runs_in_its_order()
    {
        await using var queue = await TestQueue.CreateAsync();
        var top = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "0.1"))).Id;
        var left = (await queue.Client.AddAsync(After(top))).Id;
        var right = (await queue.Client.AddAsync(After(top))).Id;
        var bottom = (await queue.Client.AddAsync(After(left, right))).Id;

        await queue.DrainAsync(new() { Concurrency = 4 });

        var at = (await queue.TasksAsync()).ToDictionary(t => t.Id);
        Assert.All(at.Values, t => Assert.Equal(TaskState.Completed, t.State));
        Assert.True(at[top].FinishedAt <= at[left].StartedAt && at[top].FinishedAt <= at[right].StartedAt);
        Assert.True(at[left].FinishedAt <= at[bottom].StartedAt && at[right].FinishedAt <= at[bottom].StartedAt);
    }

    [Fact]
    public async Task A_chain_of_200_runs_to_its_end()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var chain = await ChainAsync(queue, 200);

        var ran = new List<long>();
        while (await worker.ClaimAsync(10) is [var id])
        {
            ran.Add(id);
            await worker.FinishAsync(id);
        }

        Assert.Equal(chain, ran);
    }

    [Fact]
    public async Task A_failure_in_the_middle_cancels_all_behind_it_with_the_reason()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var chain = await ChainAsync(queue, 200);
        var whatever = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { AfterAny = [chain[150]] })).Id;
        for (var n = 0; n < 100; n++)
        {
            await worker.ClaimAsync(10);
            Assert.Equal(n == 99 ? "failed" : "completed", await worker.FinishAsync(chain[n], n == 99 ? "failed" : "completed"));
        }

        var tasks = (await queue.TasksAsync()).ToDictionary(t => t.Id);
        Assert.Equal(99, tasks.Values.Count(t => t.State == TaskState.Completed));
        Assert.All(chain[100..], id => Assert.Equal((TaskState.Canceled, TaskEnd.Canceled), (tasks[id].State, tasks[id].Ended)));
        Assert.Equal($"It was to run after task {chain[99]}, which failed.", tasks[chain[100]].Error!.Message);
        Assert.Equal($"It was to run after task {chain[100]}, which was canceled.", tasks[chain[101]].Error!.Message);
        Assert.Equal([whatever], await worker.ClaimAsync(10));
    }

    [Theory]
    [InlineData("cancel_tasks", "was canceled")]
    [InlineData("remove_tasks", "was removed")]
    public async Task What_can_not_complete_any_more_cancels_those_that_wait_for_it(string how, string why)
    {
        await using var queue = await TestQueue.CreateAsync();
        var first = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var second = (await queue.Client.AddAsync(After(first))).Id;
        var third = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { AfterAny = [first] })).Id;

        await queue.SqlAsync($"select count(*) from {{schema}}.{how}(array[$1])", first);

        var task = await queue.TaskAsync(second);
        Assert.Equal((TaskState.Canceled, $"It was to run after task {first}, which {why}."), (task.State, task.Error!.Message));
        Assert.Equal(TaskState.Ready, (await queue.TaskAsync(third)).State);
    }

    [Fact]
    public async Task What_has_ended_already_is_not_waited_for()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var good = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var bad = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await worker.ClaimAsync(2);
        await worker.FinishAsync(good);
        await worker.FinishAsync(bad, "failed");

        Assert.Equal(TaskState.Ready, (await queue.TaskAsync((await queue.Client.AddAsync(After(good))).Id)).State);
        Assert.Equal(TaskState.Canceled, (await queue.TaskAsync((await queue.Client.AddAsync(After(good, bad))).Id)).State);
        Assert.Equal(TaskState.Scheduled, (await queue.TaskAsync((await queue.Client.AddAsync(After(good) with { Delay = TimeSpan.FromHours(1) })).Id)).State);
    }

    [Fact]
    public async Task A_task_that_is_not_there_can_not_be_waited_for()
    {
        await using var queue = await TestQueue.CreateAsync();

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync(After(4711)));

        Assert.Equal((QueueError.TaskNotFound, 4711), (error.Error, error.TaskId));
        Assert.StartsWith("There is no task 4711 to run after.", error.Message, StringComparison.Ordinal);
        Assert.Empty(await queue.TasksAsync());
    }

    [Fact]
    public async Task An_open_transaction_that_waits_for_a_task_does_not_hold_up_its_end()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var first = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await using var connection = new NpgsqlConnection(queue.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var add = new NpgsqlCommand(
            queue.Client.Database.Qualify("""select {schema}.add_task('command', spec => '{"file": "true"}', after => array[$1])"""), connection);
        add.Parameters.Add(new() { Value = first });
        var second = (long)(await add.ExecuteScalarAsync())!;

        Assert.Equal([first], await worker.ClaimAsync(5));
        Assert.Equal("completed", await worker.FinishAsync(first).WaitAsync(TimeSpan.FromSeconds(10)));
        await transaction.CommitAsync();

        Assert.Equal([second], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task However_adds_and_ends_meet_no_task_waits_for_one_that_has_ended()
    {
        await using var queue = await TestQueue.CreateAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var adding = Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            var chance = new Random(writer);
            var known = new List<long>();
            for (var n = 0; n < 150; n++)
            {
                var needs = known.TakeLast(8).Where(_ => chance.Next(3) == 0).ToArray();
                known.Add((await queue.Client.AddAsync(chance.Next(2) == 0 ? After(needs) : NewTask.ForCommand("true") with { AfterAny = needs })).Id);
            }
        }));
        var working = Task.WhenAll(Enumerable.Range(0, 3).Select(async seed =>
        {
            await using var worker = await SqlWorker.JoinAsync(queue);
            var chance = new Random(seed);
            while (true)
            {
                limit.Token.ThrowIfCancellationRequested();
                var done = adding.IsCompleted;
                var ids = await worker.ClaimAsync(4);
                if (ids.Count == 0 && done && (long)(await queue.SqlAsync("select count(*) from {schema}.task"))! == 0)
                {
                    return;
                }

                foreach (var id in ids)
                {
                    await worker.FinishAsync(id, chance.Next(10) == 0 ? "failed" : "completed");
                }
            }
        }));

        await adding;
        await working;

        Assert.Equal(600L, await queue.SqlAsync("select count(*) from {schema}.history"));
        Assert.Equal(0L, await queue.SqlAsync("select (select count(*) from {schema}.dependency) + (select count(*) from {schema}.arrival)"));
        // Who waited for a failed one did not run.
        Assert.Equal(0L, await queue.SqlAsync(
            """
            select count(*)
            from {schema}.history h
            join {schema}.history n on n.id = any (h.needs) and n.state <> 'completed'
            where h.started_at is not null and h.started_at < n.finished_at
            """));
    }

    private static async Task<List<long>> ChainAsync(TestQueue queue, int length)
    {
        var chain = new List<long> { (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id };
        while (chain.Count < length)
        {
            chain.Add((await queue.Client.AddAsync(After(chain[^1]))).Id);
        }

        return chain;
    }
}
