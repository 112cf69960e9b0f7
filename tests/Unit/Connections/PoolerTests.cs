using System.Diagnostics;
using Xunit;

namespace PgQueue.Unit.Connections;

/// <summary>Everything works behind PgBouncer in transaction mode, where nothing of a session's can be relied on.</summary>
public sealed class PoolerTests
{
    [Fact]
    public async Task A_pooler_is_told_from_a_server()
    {
        await using var bouncer = await PgBouncer.StartAsync();
        await using var direct = await TestQueue.CreateAsync();
        await using var pooled = QueueClient.Create(bouncer.ConnectionString, direct.Schema);

        await pooled.CheckSchemaAsync();

        Assert.False(direct.Client.Database.IsPooler);
        Assert.True(pooled.Database.IsPooler);
        Assert.Equal(0, pooled.Database.Settings.MaxAutoPrepare);
    }

    [Fact]
    public async Task The_main_job_runs_through_a_pooler_and_leaves_no_trace_in_its_sessions()
    {
        await using var bouncer = await PgBouncer.StartAsync();
        await using var queue = await TestQueue.CreateByAsync(bouncer.ConnectionString);
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema, new() { Concurrency = 4 }).RunAsync(stop.Token);
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.worker where lease_until > now() and maintains") is 1L);

        var plain = await queue.Client.AddAsync(
            [.. Enumerable.Range(0, 40).Select(i => NewTask.ForCommand("echo", $"{i}") with { Group = i % 4 == 0 ? "g" : null })], null);
        var again = await queue.Client.AddAsync(NewTask.ForCommand("false") with { MaxAttempts = 2, Retry = new() { Delay = TimeSpan.FromMilliseconds(200) } });
        await queue.Client.RegisterScheduleAsync(new NewSchedule { Name = "s", Every = TimeSpan.FromSeconds(1), Task = NewTask.ForCommand("true") with { Name = "tick" } });
        await using (var transaction = await queue.Client.BeginAsync())
        {
            await transaction.Queue.AddAsync(NewTask.ForCommand("true") with { After = [plain[0].Id], Name = "last" });
            await transaction.CommitAsync();
        }

        var ended = await queue.Client.WaitAsync([.. plain.Select(t => t.Id), again.Id], timeout: TimeSpan.FromSeconds(60));
        Assert.Equal(41, ended.Count);
        Assert.Equal((TaskState.Failed, 2), ((await queue.TaskAsync(again.Id)).State, (await queue.TaskAsync(again.Id)).Attempt));
        Assert.Equal("7", Assert.Single(await queue.OutputAsync(plain[7].Id)).Text);
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.history where name in ('tick', 'last') and state = 'completed'") is >= 3L);

        var endless = await queue.Client.AddAsync(NewTask.ForCommand("sleep", "300"));
        await Until.TrueAsync(async () => (await queue.TaskAsync(endless.Id)).State == TaskState.Running);
        await queue.Client.CancelAsync([endless.Id]);
        Assert.Single(await queue.Client.WaitAsync([endless.Id], timeout: TimeSpan.FromSeconds(10)));

        await stop.CancelAsync();
        await working;
        await using var direct = await TestQueue.CreateEmptyAsync(queue.Schema);
        Assert.Equal(0L, await direct.SqlAsync("select count(*) from {schema}.worker"));
        Assert.Equal(0L, await direct.SqlAsync(
            """
            select count(*) from pg_locks l
            where l.locktype = 'advisory' and l.pid in (select a.pid from pg_stat_activity a where a.client_port is not null)
              and ((l.classid::bigint << 32) | l.objid::bigint) in (
                  select {schema}.worker_lock_key(i) from generate_series(1, 10) i union all select {schema}.maintainer_lock_key())
            """));
    }

    [Fact]
    public async Task A_killed_workers_tasks_run_again_when_its_lease_is_over()
    {
        await using var bouncer = await PgBouncer.StartAsync();
        await using var queue = await TestQueue.CreateByAsync(bouncer.ConnectionString);
        await using var first = await HostProcess.WorkerAsync(queue);
        var (endless, mark) = Machine.Marked(NewTask.ForCommand("sleep", "300"));
        var id = (await queue.Client.AddAsync(endless)).Id;
        await Until.TrueAsync(() => Task.FromResult(Machine.ProcessesWith(mark).Count == 1));
        await using var second = await HostProcess.WorkerAsync(queue);

        first.Kill();

        var since = Stopwatch.StartNew();
        await Until.TrueAsync(async () => (await queue.TaskAsync(id)) is { Run: 2, State: TaskState.Running }, TimeSpan.FromSeconds(30));
        Assert.InRange(since.Elapsed.TotalSeconds, 8, 25);
        TestContext.Current.SendDiagnosticMessage($"Taken over after {since.Elapsed.TotalSeconds:0.0} s.");
        Assert.Equal(1, (await queue.TaskAsync(id)).Lost);
        await queue.Client.CancelAsync([id]);
        await queue.Client.WaitAsync([id], timeout: TimeSpan.FromSeconds(10));
        Assert.Empty(Machine.ProcessesWith(mark));
    }

    [Fact]
    public async Task A_lease_that_is_over_costs_the_tasks_and_one_that_is_renewed_does_not()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync(NewTask.ForCommand("true"));
        var worker = await queue.SqlAsync("select {schema}.register_worker('w', 'h', 1, '0', null, 1, leased => true)");
        await queue.SqlAsync("select id from {schema}.claim_tasks($1, null, 1)", worker!);
        Assert.Null(await queue.SqlAsync("select tasks from {schema}.recover_workers()"));

        await queue.SqlAsync("update {schema}.worker set lease_until = now()");
        Assert.Equal(true, await queue.SqlAsync("select alive from {schema}.worker_tick($1, false)", worker!));
        Assert.Null(await queue.SqlAsync("select tasks from {schema}.recover_workers()"));

        await queue.SqlAsync("update {schema}.worker set lease_until = now()");

        // After a start of the server all have the time of a lease to come back.
        await Until.TrueAsync(async () => await queue.SqlAsync("select tasks from {schema}.recover_workers()") is 1);
        Assert.Equal(false, await queue.SqlAsync("select alive from {schema}.worker_tick($1, false)", worker!));
        Assert.Equal(false, await queue.SqlAsync("select {schema}.rejoin_worker($1, leased => true)", worker!));
    }
}
