using Xunit;

namespace PgQueue.Unit.Queues;

/// <summary>How long finished tasks are kept.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task A_new_queue_keeps_thirty_days_and_the_weeks_before_go_by_dropping_their_partitions()
    {
        await using var queue = await TestQueue.CreateAsync();
        await AddFinishedAsync(queue, "default", weeksAgo: 8, count: 5);
        await AddFinishedAsync(queue, "default", weeksAgo: 0, count: 5);
        await queue.SqlAsync("insert into {schema}.client_key select client_id, id from {schema}.history");

        Assert.Equal(TimeSpan.FromDays(30), Assert.Single(await queue.Client.GetQueuesAsync()).Retention);
        Assert.Equal(1, await queue.SqlAsync("select {schema}.drop_old_partitions()"));
        Assert.Equal(0, await queue.SqlAsync("select {schema}.drop_old_partitions()"));

        Assert.Equal(5L, await queue.SqlAsync("select count(*) from {schema}.history"));
        Assert.Equal(5L, await queue.SqlAsync("select count(*) from {schema}.client_key"));
    }

    [Fact]
    public async Task A_queue_that_keeps_all_keeps_the_partitions_and_the_others_rows_are_deleted()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("kept", new QueueSettings { KeepAll = true });
        await queue.Client.SetQueueAsync("short", new QueueSettings { Retention = TimeSpan.FromHours(1) });
        foreach (var name in new[] { "kept", "short", "default" })
        {
            await AddFinishedAsync(queue, name, weeksAgo: 8, count: 3);
            await AddFinishedAsync(queue, name, weeksAgo: 1, count: 3);
        }

        Assert.Equal(0, await queue.SqlAsync("select {schema}.drop_old_partitions()"));
        Assert.Equal(9, await queue.SqlAsync("select {schema}.delete_old_tasks()"));

        Assert.Equal(6L, await queue.SqlAsync("select count(*) from {schema}.history where queue = 'kept'"));
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.history where queue = 'short'"));
        Assert.Equal(3L, await queue.SqlAsync("select count(*) from {schema}.history where queue = 'default'"));
    }

    [Fact]
    public async Task A_number_to_keep_keeps_the_latest()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("default", new QueueSettings { RetentionCount = 2 });
        await AddFinishedAsync(queue, "default", weeksAgo: 0, count: 5);
        await AddFinishedAsync(queue, "default", weeksAgo: 1, count: 5);

        Assert.Equal(4, await queue.SqlAsync("select {schema}.delete_old_tasks(4)"));
        Assert.Equal(4, await queue.SqlAsync("select {schema}.delete_old_tasks()"));

        Assert.Equal(2L, await queue.SqlAsync("select count(*) from {schema}.history where finished_at > now() - interval '1 day'"));
    }

    [Fact]
    public async Task Retention_can_be_turned_off_for_all()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetRetentionAsync(null, null);
        await AddFinishedAsync(queue, "default", weeksAgo: 52, count: 5);

        Assert.Equal(0, await queue.SqlAsync("select {schema}.drop_old_partitions() + {schema}.delete_old_tasks()"));
        Assert.Equal(5L, await queue.SqlAsync("select count(*) from {schema}.history"));
    }

    [Fact]
    public async Task A_worker_clears_what_is_kept_no_longer()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("default", new QueueSettings { Retention = TimeSpan.FromHours(1) });
        await AddFinishedAsync(queue, "default", weeksAgo: 1, count: 5000);
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema).RunAsync(stop.Token);

        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.history") is 0L);

        await stop.CancelAsync();
        await working;
    }

    /// <summary>Finished tasks of a week gone by, in that week's partition.</summary>
    private static async Task AddFinishedAsync(TestQueue queue, string name, int weeksAgo, int count)
    {
        await queue.SqlAsync(
            $$"""
            do $do$
            declare week date := date_trunc('week', now() at time zone 'UTC')::date - 7 * {{weeksAgo}};
            begin
                execute format(
                    'create table if not exists {schema}.history%s partition of {schema}.history for values from (%L) to (%L)',
                    to_char(week, '_IYYY"w"IW'), week::text || ' 00:00:00+00', (week + 7)::text || ' 00:00:00+00');
            end
            $do$
            """);
        await queue.SqlAsync(
            """
            insert into {schema}.history (
                id, queue, priority, state, kind, spec, max_attempts, max_lost, client_id, created_at, run_at, started_at, finished_at,
                run, attempt, lost, ended)
            select
                nextval('{schema}.task_id'), $1, 50, 'completed', 'command', '{}', 1, 3, gen_random_uuid(), at, at, at, at, 1, 1, 0, 'success'
            from generate_series(1, $2) n
            cross join lateral (select now() - make_interval(weeks => $3) - make_interval(secs => n) as at) t
            """,
            name, count, weeksAgo);
    }

    [Fact]
    public async Task What_is_in_the_default_partitions_goes_as_well()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync(
            """
            insert into {schema}.history (
                id, queue, priority, state, kind, spec, max_attempts, max_lost, created_at, run_at, finished_at, run, attempt, lost, ended)
            select n, 'default', 50, 'completed', 'command', '{}', 1, 3, at, at, at, 1, 1, 0, 'success'
            from (values (1, now() - interval '100 days'), (2, now() - interval '25 days')) t (n, at)
            """);
        await queue.SqlAsync("insert into {schema}.task_output (task_id, run, seq, at, stream) select n, 1, 1, now() - interval '100 days', 'output' from generate_series(1, 3) n");
        Assert.Equal(2L, await queue.SqlAsync("select count(*) from {schema}.history_default"));

        await queue.SqlAsync("select {schema}.drop_old_partitions() + {schema}.delete_old_tasks()");

        Assert.Equal(2L, await queue.SqlAsync("select min(id) from {schema}.history"));
        Assert.Equal(2L, await queue.SqlAsync("select min(task_id) + count(*) - 1 from {schema}.task_output"));
    }
}
