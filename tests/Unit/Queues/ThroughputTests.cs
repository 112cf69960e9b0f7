using System.Text.Json;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Queues;

/// <summary>What queues did, by what their measure says.</summary>
public sealed class ThroughputTests
{
    [Fact]
    public async Task Every_way_to_end_counts()
    {
        await using var queue = await TestQueue.CreateAsync();
        await EndInEveryWayAsync(queue);

        var ends = (string[])(await queue.SqlAsync("select array_agg(distinct ended::text order by ended::text) from {schema}.history"))!;
        Assert.Equal(["canceled", "error", "expired", "lost", "success"], ends);
        Assert.Equal(0L, await queue.SqlAsync(Counts.Differences));

        await Counts.FoldAsync(queue);
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.finished"));
        Assert.Equal(0L, await queue.SqlAsync(Counts.Differences));

        var measure = Assert.Single(await queue.Client.MeasureQueuesAsync(["work"]));
        Assert.Equal((3, 3, 5), (measure.Completed, measure.Failed, measure.Canceled));
        Assert.True(measure is { AverageRun.Ticks: > 0, AverageWait.Ticks: > 0 });
    }

    [Fact]
    public async Task What_was_cleared_or_runs_again_has_been_done_all_the_same()
    {
        await using var queue = await TestQueue.CreateAsync();
        var ids = await queue.Client.AddAsync([NewTask.ForCommand("true"), NewTask.ForCommand("false")], null);
        await queue.DrainAsync();
        await queue.Client.RemoveAsync([ids[0].Id]);
        await queue.Client.RestartAsync([ids[1].Id]);

        var measure = Assert.Single(await queue.Client.MeasureQueuesAsync());
        Assert.Equal((1, 1, 1), (measure.Ready, measure.Completed, measure.Failed));

        await queue.DrainAsync();
        Assert.Equal(2, Assert.Single(await queue.Client.MeasureQueuesAsync()).Failed);
    }

    [Theory]
    [InlineData("second", "30 minutes", 1)]
    [InlineData("minute", "5 hours", 60)]
    [InlineData("hour", "5 days", 3600)]
    public async Task What_was_added_up_counts_from_the_beginning_of_its_second_minute_or_hour(string step, string age, int seconds)
    {
        await using var queue = await TestQueue.CreateAsync();
        var start = (DateTime)(await queue.SqlAsync("select date_trunc($1, now() - $2::interval, 'UTC')", step, age))!;
        DateTime At(double steps) => start.AddSeconds(steps * seconds);
        await FinishAsync(queue, At(0.2));
        await FinishAsync(queue, At(0.7));
        await FinishAsync(queue, At(1.1));

        Assert.Equal(2, await Counts.SinceAsync(queue, At(0.5)));
        Assert.Equal(1, await Counts.SinceAsync(queue, At(1.05)));

        await Counts.FoldAsync(queue);
        Assert.Equal(step, await queue.SqlAsync("select string_agg(distinct step::text, ',') from {schema}.throughput"));
        Assert.Equal(3, await Counts.SinceAsync(queue, At(0.5)));
        Assert.Equal(1, await Counts.SinceAsync(queue, At(1.05)));

        // Ended then, and committed only now.
        await FinishAsync(queue, At(0.6));
        Assert.Equal(4, await Counts.SinceAsync(queue, At(0.5)));
        await Counts.FoldAsync(queue);
        Assert.Equal(step, await queue.SqlAsync("select string_agg(distinct step::text, ',') from {schema}.throughput"));
        Assert.Equal(4, await Counts.SinceAsync(queue, At(0.5)));
    }

    [Fact]
    public async Task To_measure_reads_little_whatever_was_finished()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var held = await Counts.HoldSnapshotAsync(queue);
        await queue.SqlAsync("insert into {schema}.task (kind, queue) select 'command', 'default' from generate_series(1, 100000)");
        await CancelAllAsync(queue, batch: 500);
        Assert.InRange(await BlocksAsync(queue), 1, 100);

        await queue.SqlAsync("insert into {schema}.task (kind, queue) select 'command', 'default' from generate_series(1, 2000)");
        await CancelAllAsync(queue, batch: 1);
        Assert.Equal(102_000, await Counts.SinceAsync(queue, DateTime.UtcNow.AddHours(-1)));

        // Their rows stay, because of the snapshot that is held, but nothing reads them.
        await Counts.FoldAsync(queue);
        Assert.InRange(await BlocksAsync(queue), 1, 100);
        Assert.Equal(102_000, await Counts.SinceAsync(queue, DateTime.UtcNow.AddHours(-1)));
    }

    [Fact]
    public async Task A_worker_adds_up_what_was_finished()
    {
        await using var queue = await TestQueue.CreateAsync();
        await FinishAsync(queue, DateTime.UtcNow);
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema).RunAsync(stop.Token);

        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.throughput") is 1L, TimeSpan.FromSeconds(60));
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.finished"));

        await stop.CancelAsync();
        await working;
    }

    [Fact]
    public async Task Sums_of_more_than_a_year_ago_go()
    {
        await using var queue = await TestQueue.CreateAsync();
        await FinishAsync(queue, DateTime.UtcNow.AddDays(-360));
        await FinishAsync(queue, DateTime.UtcNow.AddDays(-370));
        await Counts.FoldAsync(queue);
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema).RunAsync(stop.Token);

        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.throughput") is 1L);

        await stop.CancelAsync();
        await working;
        Assert.Equal(1, await Counts.SinceAsync(queue, DateTime.MinValue));
    }

    /// <summary>Completed, failed, after a retry, canceled waiting and running, expired, in vain, lost, replaced.</summary>
    private static async Task EndInEveryWayAsync(TestQueue queue)
    {
        static NewTask Work(string name) => NewTask.ForCommand("true") with { Name = name, Queue = "work" };
        await using var worker = await SqlWorker.JoinAsync(queue);
        await queue.Client.AddAsync([Work("a"), Work("b"), Work("c"), Work("d"), Work("other") with { Queue = "other" }], null);
        var ids = await worker.ClaimAsync(5);
        await worker.FinishAsync(ids[0]);
        await worker.FinishAsync(ids[1], "failed");
        await worker.FinishAsync(ids[2], "failed", TimeSpan.Zero);
        await queue.Client.CancelAsync([ids[3]]);
        await worker.FinishAsync(ids[3]);
        await worker.FinishAsync(ids[4]);
        Assert.Equal([ids[2]], await worker.ClaimAsync(5));
        await worker.FinishAsync(ids[2]);

        var needed = (await queue.Client.AddAsync(Work("needed"))).Id;
        await queue.Client.AddAsync(Work("in vain") with { After = [needed] });
        await queue.Client.CancelAsync([needed]);
        await queue.Client.AddAsync(Work("late") with { ExpireAfter = TimeSpan.FromMilliseconds(1) });
        await Until.TrueAsync(async () => await queue.SqlAsync("select {schema}.expire_tasks()") is 1);

        await queue.Client.AddAsync([Work("lost") with { MaxLost = 0 }, Work("lost, in another queue") with { MaxLost = 0, DeadLetterQueue = "dead" }, Work("replaced") with { ClientId = "r" }], null);
        await worker.ClaimAsync(5);
        await queue.Client.SetAsync(Work("replacement") with { ClientId = "r" });
        await worker.DieAsync();
        await Until.TrueAsync(async () => await queue.SqlAsync("select sum(tasks) from {schema}.recover_workers('0')") is 3L);

        await using var next = await SqlWorker.JoinAsync(queue);
        await next.FinishAsync(Assert.Single(await next.ClaimAsync(5)));
    }

    /// <summary>Has a task end at a time.</summary>
    private static async Task FinishAsync(TestQueue queue, DateTime at)
    {
        await queue.Client.CancelAsync([(await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id]);
        await queue.SqlAsync("update {schema}.finished set at = $1 where at > now() - interval '1 minute'", at);
    }

    private static async Task CancelAllAsync(TestQueue queue, int batch) => await queue.SqlAsync(
        $$"""
        do $do$
        declare
            first bigint := (select min(id) from {schema}.task);
            last bigint := (select max(id) from {schema}.task);
        begin
            perform set_config('synchronous_commit', 'off', false);
            while first <= last loop
                perform {schema}.cancel_tasks(array(select generate_series(first, first + {{batch}} - 1)));
                commit;
                first := first + {{batch}};
            end loop;
        end
        $do$
        """);

    /// <summary>
    /// How many blocks a measure looks at: the least of several, because planning counts, too, and reads the catalogs anew
    /// whenever another test has changed them.
    /// </summary>
    private static async Task<int> BlocksAsync(TestQueue queue)
    {
        await queue.SqlAsync("vacuum {schema}.task");
        await using var connection = new NpgsqlConnection(queue.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(queue.Client.Database.Qualify(
            "explain (analyze, buffers, format json) select * from {schema}.throughput_since(now() - interval '1 hour')"), connection);
        var least = int.MaxValue;
        for (var look = 0; look < 10; look++)
        {
            using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
            var root = plan.RootElement[0].GetProperty("Plan");
            least = Math.Min(least, root.GetProperty("Shared Hit Blocks").GetInt32() + root.GetProperty("Shared Read Blocks").GetInt32());
        }

        return least;
    }
}
