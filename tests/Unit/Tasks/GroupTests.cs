using Npgsql;
using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>Groups: at most one task of each at a time, in their order, and nobody else held up by them.</summary>
public sealed class GroupTests
{
    /// <summary>Tasks that started before the one ahead of them in their group had ended.</summary>
    private const string Overlaps =
        """
        select count(*)
        from (
            select started_at < lag(finished_at) over (partition by group_key order by started_at) as early
            from {schema}.history
            where started_at is not null
        ) h
        where early
        """;

    private static NewTask In(string group, GroupOrder? order = null) => NewTask.ForCommand("true") with { Group = group, GroupOrder = order };

    [Fact]
    public async Task Tasks_of_a_group_run_one_at_a_time_in_their_order_over_all_workers()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Range(0, 36).Select(n => NewTask.ForCommand("sleep", "0.02") with { Group = $"g{n % 3}" })], null);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => queue.DrainAsync(new() { Concurrency = 4 })));

        var tasks = await queue.TasksAsync();
        Assert.All(tasks, t => Assert.Equal(TaskState.Completed, t.State));
        Assert.Equal(0L, await queue.SqlAsync(Overlaps));
        Assert.Equal(0L, await queue.SqlAsync(
            "select count(*) from (select id < lag(id) over (partition by group_key order by started_at) as wrong from {schema}.history) h where wrong"));
    }

    [Fact]
    public async Task The_newest_is_next_where_the_order_is_last_in_first_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var ids = new List<long>();
        for (var n = 0; n < 3; n++)
        {
            ids.Add((await queue.Client.AddAsync(In("g", GroupOrder.Lifo))).Id);
        }

        var ran = new List<long>();
        while (await worker.ClaimAsync(5) is [var id])
        {
            ran.Add(id);
            await worker.FinishAsync(id);
        }

        // The first had the turn when it was alone.
        Assert.Equal([ids[0], ids[2], ids[1]], ran);
    }

    [Fact]
    public async Task A_head_that_waits_for_its_retry_keeps_its_group_waiting()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var first = (await queue.Client.AddAsync(In("g") with { MaxAttempts = 2 })).Id;
        var second = (await queue.Client.AddAsync(In("g"))).Id;

        Assert.Equal([first], await worker.ClaimAsync(5));
        Assert.Equal("scheduled", await worker.FinishAsync(first, "failed", TimeSpan.FromHours(1)));
        Assert.Empty(await worker.ClaimAsync(5));

        await queue.SqlAsync("update {schema}.task set run_at = now() where id = $1", first);
        await queue.SqlAsync("select {schema}.promote_due()");
        Assert.Equal([first], await worker.ClaimAsync(5));
        Assert.Equal("failed", await worker.FinishAsync(first, "failed"));
        Assert.Equal([second], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task A_saturated_group_at_the_head_of_a_queue_keeps_nobody_waiting()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        await queue.Client.AddAsync([.. Enumerable.Repeat(In("busy") with { Priority = TaskPriority.Critical }, 2000)], null);
        var others = await queue.Client.AddAsync([In("other"), NewTask.ForCommand("true")], null);

        var claimed = await worker.ClaimAsync(10);

        Assert.Equal(3, claimed.Count);
        Assert.Equal(others.Select(o => o.Id), claimed[1..]);
        Assert.Empty(await worker.ClaimAsync(10));
    }

    [Theory]
    [InlineData("select count(*) from {schema}.cancel_tasks(array[$1])")]
    [InlineData("select count(*) from {schema}.remove_tasks(array[$1])")]
    [InlineData("""select count(*) from {schema}.change_tasks(array[$1], '{"queue": "elsewhere"}')""")]
    [InlineData("""select count(*) from {schema}.change_tasks(array[$1], '{"delay": "1 hour"}')""")]
    [InlineData("with old as (update {schema}.task set expires_at = now() where id = $1) select 1; select {schema}.expire_tasks()")]
    public async Task When_the_head_goes_the_next_has_its_turn(string how)
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var added = await queue.Client.AddAsync([In("g"), In("g"), In("g")], null);

        foreach (var statement in how.Split("; "))
        {
            await queue.SqlAsync(statement, statement.Contains("$1", StringComparison.Ordinal) ? [added[0].Id] : []);
        }

        var next = await worker.ClaimAsync(5);
        Assert.Equal(added[1].Id, next.Single(id => id != added[0].Id));
        await worker.FinishAsync(added[1].Id);
        Assert.Equal([added[2].Id], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task A_lost_worker_gives_the_turn_back_to_the_same_task()
    {
        await using var queue = await TestQueue.CreateAsync();
        var added = await queue.Client.AddAsync([In("g"), In("g")], null);
        await using (var dead = await SqlWorker.JoinAsync(queue))
        {
            Assert.Equal([added[0].Id], await dead.ClaimAsync(5));
            await queue.SqlAsync("select {schema}.free_tasks($1, true)", dead.Id);
        }

        await using var worker = await SqlWorker.JoinAsync(queue);
        Assert.Equal([added[0].Id], await worker.ClaimAsync(5));
        await worker.FinishAsync(added[0].Id);
        Assert.Equal([added[1].Id], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task An_open_transaction_that_adds_to_a_group_holds_nobody_up()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var first = (await queue.Client.AddAsync(In("g"))).Id;
        var second = (await queue.Client.AddAsync(In("g"))).Id;
        await using var connection = new NpgsqlConnection(queue.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var add = new NpgsqlCommand(
            queue.Client.Database.Qualify("""select {schema}.add_task('command', spec => '{"file": "true"}', group_key => 'g')"""), connection);
        var third = (long)(await add.ExecuteScalarAsync())!;

        Assert.Equal([first], await worker.ClaimAsync(5));
        Assert.Equal("completed", await worker.FinishAsync(first).WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal([second], await worker.ClaimAsync(5));
        await worker.FinishAsync(second);
        Assert.Empty(await worker.ClaimAsync(5));

        await transaction.CommitAsync();
        Assert.Equal([third], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task However_adds_ends_and_cancels_meet_no_group_stands_still_or_runs_twice()
    {
        await using var queue = await TestQueue.CreateAsync();
        var adding = Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            var chance = new Random(writer);
            for (var n = 0; n < 40; n++)
            {
                var added = await queue.Client.AddAsync(
                    [.. Enumerable.Range(0, 6).Select(_ => In($"g{chance.Next(5)}", (GroupOrder)chance.Next(2)))], null);
                if (n % 4 == 0)
                {
                    await queue.Client.CancelAsync([added[chance.Next(6)].Id, added[chance.Next(6)].Id]);
                }
            }
        }));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var working = Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            await using var worker = await SqlWorker.JoinAsync(queue);
            while (true)
            {
                limit.Token.ThrowIfCancellationRequested();
                var done = adding.IsCompleted;
                var ids = await worker.ClaimAsync(3);
                if (ids.Count == 0 && done && (long)(await queue.SqlAsync("select count(*) from {schema}.task"))! == 0)
                {
                    return;
                }

                foreach (var id in ids)
                {
                    await worker.FinishAsync(id);
                }
            }
        }));

        await adding;
        await working;

        Assert.Equal(0L, await queue.SqlAsync(Overlaps));
        Assert.Equal(960L, await queue.SqlAsync("select count(*) from {schema}.history"));
        Assert.Equal(0L, await queue.SqlAsync("select (select count(*) from {schema}.group_turn) + (select count(*) from {schema}.arrival)"));
    }
}
