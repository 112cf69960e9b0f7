using System.Diagnostics;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Schema;

/// <summary>A schema that a newer version migrates while this one's workers and clients use it.</summary>
public sealed class UpgradeTests
{
    private static readonly int s_newer = Migration.Latest + 1;

    private static string GoesOn(TestQueue queue) =>
        $"The schema \"{queue.Schema}\" was upgraded to version {s_newer} by a newer PgQueue; this worker knows {Migration.Latest} and goes on. Once stopped, it has to be updated before it can start again.";

    private static string Ends(TestQueue queue) =>
        $"The schema \"{queue.Schema}\" was upgraded to version {s_newer} by a newer PgQueue; this worker knows {Migration.Latest}: it finishes its tasks and ends. Update it.";

    [Fact]
    public async Task An_upgrade_gets_in_under_full_load_and_nothing_is_lost_or_run_twice()
    {
        await using var load = await LoadedQueue.StartAsync();
        await load.HandleAsync(2000);
        await load.TickAsync();

        var since = Stopwatch.StartNew();
        var applied = await load.Queue.ApplyAsync(TestMigrations.Additive);
        var took = since.Elapsed;
        await load.HandleAsync(2000);
        await load.TickAsync();
        var summary = await load.EndAsync();

        Assert.Equal([s_newer], applied.Select(m => m.Version));
        Assert.True(took < TimeSpan.FromSeconds(10), $"The upgrade took {took.TotalSeconds:0.0} s.");
        Assert.True(load.LongestCall < TimeSpan.FromSeconds(5), $"A caller waited {load.LongestCall.TotalSeconds:0.0} s.");
        Assert.Equal(Enumerable.Range(0, load.AddedToHandle), load.Handled.Keys.Order());
        Assert.All(load.Handled, n => Assert.Equal(1, n.Value));
        Assert.Equal(Enumerable.Range(0, load.AddedToWrite), load.Written.Select(int.Parse).Order());
        Assert.Equal(0L, await load.Queue.SqlAsync("select count(*) from {schema}.history where state <> 'completed' or run <> 1 or lost <> 0"));
        Assert.Equal((0, 0, false), (summary.Failed, summary.Released, summary.IsOutdated));
        Assert.Equal([GoesOn(load.Queue)], load.Warnings);
        Assert.Contains(GoesOn(load.Queue), load.Host!.Output, StringComparison.Ordinal);
        Assert.Equal("blue, red", await load.Queue.SqlAsync("select string_agg(distinct color, ', ' order by color) from {schema}.history where spec ->> 'method' = 'count'"));
        Assert.Equal(0L, await load.Queue.SqlAsync("select skipped from {schema}.schedule where error is null"));
    }

    [Fact]
    public async Task A_long_reader_holds_up_the_upgrade_and_nobody_else()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var reader = await HoldAsync(queue, "select count(*) from {schema}.history");
        var upgrade = queue.ApplyAsync(TestMigrations.Additive);
        var (longest, calls) = (TimeSpan.Zero, 0);

        for (var time = Stopwatch.StartNew(); calls < 50 || time.Elapsed < TimeSpan.FromSeconds(2); calls++)
        {
            var call = Stopwatch.StartNew();
            await queue.Client.AddAsync(NewTask.ForHandler("none"));
            longest = call.Elapsed > longest ? call.Elapsed : longest;
        }

        Assert.False(upgrade.IsCompleted);
        Assert.True(longest < TimeSpan.FromSeconds(5), $"A caller waited {longest.TotalSeconds:0.0} s.");
        await reader.CloseAsync();
        Assert.Single(await upgrade.WaitAsync(TimeSpan.FromSeconds(15)));
    }

    [Fact]
    public async Task An_upgrade_that_never_finds_the_tables_free_names_who_holds_them_and_changes_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var reader = await HoldAsync(queue, "select count(*) from {schema}.task");

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.ApplyAsync(TestMigrations.Additive, TimeSpan.FromSeconds(1)));

        Assert.Equal(QueueError.SchemaBusy, error.Error);
        Assert.Matches(
            $@"^The schema ""{queue.Schema}"" could not be changed: for 1 s its tables were never free\. They are held by process {reader.ProcessID} \(user \w+, application backup, .*idle in transaction, for 0\.00:00:0\d\): select count\(\*\) from ""{queue.Schema}""\.task\. Nothing was changed",
            error.Message);
        Assert.True((await queue.Client.GetSchemaStatusAsync()).UpToDate);
        Assert.Equal(TaskState.Completed, (await queue.RunAsync(NewTask.ForCommand("true"))).State);
    }

    [Fact]
    public async Task An_upgrade_that_breaks_with_older_workers_lets_them_finish_and_end()
    {
        await using var queue = await TestQueue.CreateAsync();
        using var folder = new TemporaryFolder();
        var gate = Path.Combine(folder.Path, "gate");
        await using var worker = await HostProcess.WorkerAsync(queue);
        var running = (await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", "until test -e \"$0\"; do sleep 0.05; done", gate))).Id;
        await Until.TrueAsync(async () => (await queue.TaskAsync(running)).State == TaskState.Running);

        await queue.ApplyAsync(TestMigrations.Breaking);

        await Until.TrueAsync(() => Task.FromResult(worker.Output.Contains(Ends(queue), StringComparison.Ordinal)));
        // Its office is free for those who know the schema.
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.worker where maintains"));
        await using var newer = await SqlWorker.JoinAsync(queue);
        Assert.Equal(true, await queue.SqlAsync($"select maintainer from {{schema}}.worker_tick($1, false, {s_newer})", newer.Id));
        var waiting = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal(3, await worker.WaitAsync());

        Assert.Equal(2, worker.Output.Split("was upgraded to version").Length);
        var task = await queue.TaskAsync(running);
        Assert.Equal((TaskState.Completed, 1, TaskState.Ready), (task.State, task.Attempt, (await queue.TaskAsync(waiting)).State));
        await using var again = HostProcess.Start(queue, "worker");
        Assert.Equal(1, await again.WaitAsync());
        Assert.Contains("Update the PgQueue module on this machine.", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_whose_claims_no_longer_fit_the_schema_gives_nothing_back()
    {
        await using var queue = await TestQueue.CreateAsync();
        var (slow, release) = (new TaskCompletionSource(), new TaskCompletionSource<System.Text.Json.Nodes.JsonNode?>());
        var warnings = new List<WorkerEvent>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var working = new Worker(queue.ConnectionString, queue.Schema, new()
        {
            Concurrency = 2,
            OnEvent = e => warnings.AddRange(e is WorkerWarning ? [e] : []),
            Handlers = new Dictionary<string, TaskHandler>
            {
                ["slow"] = (_, _) =>
                {
                    slow.SetResult();
                    return release.Task;
                },
                ["fast"] = (_, _) => Task.FromResult<System.Text.Json.Nodes.JsonNode?>(null),
            },
        }).RunAsync(limit.Token, limit.Token);
        var id = (await queue.Client.AddAsync(NewTask.ForHandler("slow"))).Id;
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForHandler("fast"), 5000)], null);
        await slow.Task.WaitAsync(limit.Token);

        await queue.ApplyAsync(TestMigrations.Breaking);
        await Until.TrueAsync(() => Task.FromResult(warnings.Count > 0));
        release.SetResult(null);
        var summary = await working;

        Assert.Equal((true, 0, 0), (summary.IsOutdated, summary.Released, summary.Failed));
        Assert.Equal([Ends(queue)], warnings.Cast<WorkerWarning>().Select(w => w.Message));
        Assert.Equal(TaskState.Completed, (await queue.TaskAsync(id)).State);
    }

    [Fact]
    public async Task A_client_goes_on_over_an_upgrade_that_only_adds()
    {
        await using var queue = await TestQueue.CreateAsync();
        var before = await queue.Client.AddAsync(NewTask.ForHandler("none"));
        await queue.TasksAsync();

        await queue.ApplyAsync(TestMigrations.Additive);

        var after = await queue.Client.AddAsync(NewTask.ForHandler("none"));
        Assert.Equal([before.Id, after.Id], (await queue.TasksAsync()).Select(t => t.Id));
        var check = await Assert.ThrowsAsync<QueueException>(() => queue.Client.CheckSchemaAsync());
        Assert.Equal(QueueError.SchemaTooNew, check.Error);
    }

    [Fact]
    public async Task A_client_that_no_longer_fits_the_schema_is_told_so()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync(NewTask.ForHandler("none"));
        await queue.ApplyAsync(TestMigrations.BreakingForClients);
        await using var transaction = await queue.Client.BeginAsync();

        Func<Task>[] calls =
        [
            () => queue.Client.AddAsync(NewTask.ForHandler("none")), () => transaction.Queue.AddAsync(NewTask.ForHandler("none")), () => queue.TasksAsync(),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<QueueException>(call);
            Assert.Equal(QueueError.SchemaTooNew, error.Error);
            Assert.Equal(
                $"The schema \"{queue.Schema}\" was upgraded to version {s_newer} in the meantime; this module knows up to {Migration.Latest}. Update the PgQueue module on this machine and begin a new session.",
                error.Message);
            Assert.IsType<PostgresException>(error.InnerException);
        }
    }

    [Fact]
    public async Task The_time_that_an_upgrade_takes_is_no_workers_death()
    {
        await using var queue = await TestQueue.CreateAsync();
        var leased = await queue.SqlAsync("select {schema}.register_worker('leased', 'h', 1, '0', null, 1, leased => true)");
        await queue.SqlAsync("update {schema}.worker set lease_until = now() - interval '1 minute', seen_at = now() - interval '1 minute'");

        await queue.ApplyAsync(TestMigrations.Additive);

        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.recover_workers()"));
        Assert.Equal(true, await queue.SqlAsync($"select alive from {{schema}}.worker_tick($1, false, {Migration.Latest})", leased!));
    }

    [Fact]
    public async Task A_worker_that_comes_after_weeks_makes_the_partitions_before_it_needs_them()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync(
            """
            do $$
            declare part text;
            begin
                for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                            where i.inhparent in ('{schema}.history'::regclass, '{schema}.task_output'::regclass) and c.relname !~ 'default$'
                loop
                    execute format('drop table {schema}.%I', part);
                end loop;
            end $$
            """);

        var task = await queue.RunAsync(NewTask.ForCommand("echo", "hello"));

        Assert.Equal(TaskState.Completed, task.State);
        Assert.Equal(0L, await queue.SqlAsync("select (select count(*) from {schema}.history_default) + (select count(*) from {schema}.task_output_default)"));
    }

    /// <summary>A session that has done this and leaves its transaction open.</summary>
    private static async Task<NpgsqlConnection> HoldAsync(TestQueue queue, string sql)
    {
        var connection = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false;Application Name=backup");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("begin", connection);
        await command.ExecuteNonQueryAsync();
        command.CommandText = queue.Client.Database.Qualify(sql);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
