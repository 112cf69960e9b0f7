using Npgsql;
using Xunit;

namespace PgQueue.Unit.Queues;

/// <summary>Limits of a queue over all workers: never exceeded, and no burden to other queues.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task A_concurrency_limit_holds_exactly_under_four_workers_of_eight_places()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("limited", new QueueSettings { MaxConcurrency = 3 });
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("sleep", "0.05") with { Queue = "limited" }, 60)], null);
        var free = await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true") with { Queue = "free" }, 20)], null);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => queue.DrainAsync(new() { Concurrency = 8 })));

        Assert.Equal(80L, await queue.SqlAsync("select count(*) from {schema}.history where state = 'completed'"));
        var most = await queue.SqlAsync(
            """
            select max(running)
            from (
                select sum(step) over (order by at, step) as running
                from (
                    select started_at as at, 1 as step from {schema}.history where queue = 'limited'
                    union all
                    select finished_at, -1 from {schema}.history where queue = 'limited'
                ) steps
            ) r
            """);
        Assert.Equal(3L, most);
        Assert.Equal(20, free.Count);
    }

    [Fact]
    public async Task Claims_at_the_same_moment_never_exceed_a_limit()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("limited", new QueueSettings { MaxConcurrency = 3 });
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true") with { Queue = "limited" }, 400)], null);
        var most = 0L;

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            await using var worker = await SqlWorker.JoinAsync(queue);
            while ((long)(await queue.SqlAsync("select count(*) from {schema}.task"))! > 0)
            {
                var ids = await worker.ClaimAsync(5);
                var running = (long)(await queue.SqlAsync("select count(*) from {schema}.task where state = 'running'"))!;
                most = Math.Max(most, running);
                foreach (var id in ids)
                {
                    await worker.FinishAsync(id);
                }
            }
        }));

        Assert.Equal(3, most);
    }

    [Fact]
    public async Task A_rate_is_kept_within_five_percent_over_twenty_seconds_under_four_workers()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("limited", new QueueSettings { RateCount = 10, RatePeriod = TimeSpan.FromSeconds(1) });
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true") with { Queue = "limited" }, 400)], null);

        using var stop = new CancellationTokenSource();
        var working = Enumerable.Range(0, 4).Select(n => new Worker(
            queue.ConnectionString, queue.Schema, new() { Concurrency = 8, Name = $"w{n}" }).RunAsync(stop.Token)).ToList();
        await Until.TrueAsync(async () => await queue.SqlAsync("select max(started_at) - min(started_at) > interval '20 seconds' from {schema}.history") is true);
        await stop.CancelAsync();
        await Task.WhenAll(working);

        var started = (long)(await queue.SqlAsync(
            """
            select count(*)
            from {schema}.history
            where started_at < (select min(started_at) from {schema}.history) + interval '20 seconds'
            """))!;
        Assert.InRange(started, 190, 210);
    }

    [Fact]
    public async Task A_worker_waits_for_a_rate_only_where_one_holds_a_task_back()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("limited", new QueueSettings { RateCount = 1, RatePeriod = TimeSpan.FromMinutes(1) });
        Assert.IsType<DBNull>(await queue.SqlAsync("select {schema}.next_token(null)"));

        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true") with { Queue = "limited" }, 4)], null);
        Assert.IsType<DBNull>(await queue.SqlAsync("select {schema}.next_token(null)"));

        await using var worker = await SqlWorker.JoinAsync(queue);
        while ((await worker.ClaimAsync(1)).Count > 0)
        {
        }

        Assert.InRange((double)(await queue.SqlAsync("select {schema}.next_token(null)"))!, 50, 60);
    }

    [Fact]
    public async Task Abandoned_tasks_that_fill_a_limit_are_recovered_and_run()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("limited", new QueueSettings { MaxConcurrency = 2 });
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true") with { Queue = "limited" }, 4)], null);
        await using (var dead = await SqlWorker.JoinAsync(queue))
        {
            Assert.Equal(2, (await dead.ClaimAsync(5)).Count);
            Assert.Empty(await dead.ClaimAsync(5));
            await dead.DieAsync();
        }

        await queue.DrainAsync();

        Assert.Equal(4L, await queue.SqlAsync("select count(*) from {schema}.history where state = 'completed'"));
        Assert.Equal(2L, await queue.SqlAsync("select count(*) from {schema}.history where lost = 1"));
    }

    [Fact]
    public async Task Only_a_task_that_waits_for_a_rate_shortens_a_workers_sleep()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync(NewTask.ForCommand("true"));
        Assert.Equal(DBNull.Value, await queue.SqlAsync("select {schema}.next_token(null)"));

        await queue.Client.SetQueueAsync("default", new QueueSettings { RateCount = 1, RatePeriod = TimeSpan.FromMinutes(1) });
        await queue.Client.AddAsync([NewTask.ForCommand("true"), NewTask.ForCommand("true")], null);
        await using var worker = await SqlWorker.JoinAsync(queue);
        while ((await worker.ClaimAsync(1)).Count > 0)
        {
        }

        Assert.InRange((double)(await queue.SqlAsync("select {schema}.next_token(null)"))!, 1, 60);
    }

    [Fact]
    public async Task A_limit_that_is_set_while_tasks_run_counts_them()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), 6)], null);
        var running = await worker.ClaimAsync(2);

        await queue.Client.SetQueueAsync("default", new QueueSettings { MaxConcurrency = 3 });

        Assert.Single(await worker.ClaimAsync(5));
        await worker.FinishAsync(running[0]);
        Assert.Single(await worker.ClaimAsync(5));
        await queue.Client.SetQueueAsync("default", new QueueSettings { Clear = [nameof(QueueSettings.MaxConcurrency)] });
        Assert.Equal(2, (await worker.ClaimAsync(5)).Count);
    }

    [Fact]
    public async Task A_paused_queue_starts_nothing_until_it_is_resumed_and_the_others_go_on()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var held = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Queue = "held" })).Id;
        var other = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;

        await queue.Client.SetQueueAsync("held", new QueueSettings { Paused = true });
        Assert.Equal([other], await worker.ClaimAsync(5));
        Assert.True((bool)(await queue.SqlAsync("select {schema}.resume_queue('held')"))!);
        Assert.Equal([held], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task A_worker_takes_only_what_its_filters_name_and_drains_only_that()
    {
        await using var queue = await TestQueue.CreateAsync();
        var added = await queue.Client.AddAsync(
        [
            NewTask.ForCommand("true") with { Name = "import-1", Priority = 75, Tags = ["a", "b"] },
            NewTask.ForCommand("true") with { Name = "import-2", Priority = 50, Tags = ["a"] },
            NewTask.ForCommand("true") with { Name = "import-3", Priority = 75, Tags = ["c"] },
            NewTask.ForCommand("true") with { Name = "export", Priority = 75, Tags = ["a"] },
            NewTask.ForCommand("true"),
        ], null);

        await queue.DrainAsync(new() { Priorities = [new(60, 80), new(100, 100)], Tags = ["a", "x"], Names = ["Import-*"] });

        Assert.Equal([added[0].Id], (await queue.TasksAsync(new() { States = [TaskState.Completed] })).Select(t => t.Id));
        Assert.Equal(4, (await queue.TasksAsync(new() { States = [TaskState.Ready] })).Count);
    }

    [Fact]
    public async Task A_worker_keeps_to_its_own_limit_for_each_queue()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Range(0, 40).Select(n => NewTask.ForCommand("sleep", "0.05") with { Queue = n % 2 == 0 ? "report-a" : "b" })], null);

        await queue.DrainAsync(new() { Concurrency = 6, QueueConcurrency = new Dictionary<string, int> { ["report*"] = 1, ["*"] = 4 } });

        Assert.Equal(40L, await queue.SqlAsync("select count(*) from {schema}.history where state = 'completed'"));
        Assert.Equal(0L, await queue.SqlAsync(
            """
            select count(*)
            from (
                select started_at < lag(finished_at) over (order by started_at) as early
                from {schema}.history
                where queue = 'report-a'
            ) h
            where early
            """));
    }

    [Fact]
    public async Task What_was_claimed_while_the_limit_was_being_set_counts_for_it()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), 5)], null);
        await using (var connection = new NpgsqlConnection(queue.ConnectionString))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var claim = new NpgsqlCommand(queue.Client.Database.Qualify($"select count(*) from {{schema}}.claim_tasks({worker.Id}, null, 2)"), connection);
            Assert.Equal(2L, await claim.ExecuteScalarAsync());
            await queue.SqlAsync("""select {schema}.set_queue('default', '{"max_concurrency": 2}')""");
            await transaction.CommitAsync();
        }

        Assert.Empty(await worker.ClaimAsync(5));
    }
}
