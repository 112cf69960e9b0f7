using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>Tasks that once stopped a worker, or were never heard of again.</summary>
public sealed class PoisonTests
{
    [Fact]
    public async Task A_deeply_nested_spec_harms_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();
        var nested = string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200));
        var id = (long)(await queue.SqlAsync($$"""select {schema}.add_task('command', spec => '{"file": "true", "x": {{nested}}}')"""))!;

        var other = await queue.RunAsync(NewTask.ForCommand("true"), new() { Concurrency = 1 });

        Assert.Equal(TaskState.Completed, other.State);
        Assert.True((await queue.TaskAsync(id)).IsFinished);
    }

    [Fact]
    public async Task A_time_limit_in_months_is_one_in_days()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (long)(await queue.SqlAsync("""select {schema}.add_task('command', spec => '{"file": "true"}', timeout => '1 month')"""))!;

        await queue.DrainAsync();

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Completed, TimeSpan.FromDays(30)), (task.State, task.Timeout));
    }

    [Fact]
    public async Task A_long_delay_is_stored_to_the_microsecond()
    {
        await using var queue = await TestQueue.CreateAsync();
        var delay = TimeSpan.FromDays(400) + TimeSpan.FromMicroseconds(123_456);

        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Delay = delay, Timeout = delay })).Id;

        var task = await queue.TaskAsync(id);
        Assert.Equal(delay, task.Timeout);
        Assert.Equal(delay, task.RunAt - task.CreatedAt);
    }

    [Fact]
    public async Task A_cancel_and_a_time_limit_reach_a_method_that_is_given_two_megabytes()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(
            NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples.Samples::ReadInput", JsonValue.Create(new string('x', 2_000_000))) with { Timeout = TimeSpan.FromSeconds(20) });

        Assert.Equal((TaskState.Failed, TaskEnd.Error), (task.State, task.Ended));
    }

    [Fact]
    public async Task A_worker_that_was_given_up_claims_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync(NewTask.ForCommand("true"));
        var worker = await queue.SqlAsync("select {schema}.register_worker('w', 'h', 1, '0', null, 1)");
        await queue.SqlAsync("update {schema}.worker set lost_at = now()");

        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.claim_tasks($1, null, 10)", worker!));
    }

    [Fact]
    public async Task What_runs_under_a_worker_that_is_gone_is_found()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await queue.SqlAsync("update {schema}.task set state = 'running', run = 1, attempt = 1, worker_id = 999, started_at = now()");

        await queue.DrainAsync();

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Completed, 1, 2), (task.State, task.Lost, task.Run));
    }

    [Fact]
    public async Task A_server_that_takes_no_writes_for_a_while_costs_no_result()
    {
        await using var queue = await TestQueue.CreateAsync();
        var database = "readonly_" + queue.Schema;
        await queue.SqlAsync($"create database {database}");
        var connectionString = new Npgsql.NpgsqlConnectionStringBuilder(queue.ConnectionString) { Database = database }.ConnectionString;
        await using (var client = QueueClient.Create(connectionString))
        {
            await client.InstallSchemaAsync();
            var (brief, mark) = Machine.Marked(NewTask.ForCommand("sleep", "1"));
            var id = (await client.AddAsync(brief)).Id;
            using var stop = new CancellationTokenSource();
            var warnings = new ConcurrentQueue<string>();
            var working = new Worker(connectionString, "pgqueue", new()
            {
                OnEvent = e => warnings.Enqueue((e as WorkerWarning)?.Message ?? ""),
            }).RunAsync(stop.Token);
            await Until.TrueAsync(async () => (await client.GetAsync(id))!.State == TaskState.Running);

            await queue.SqlAsync($"alter database {database} set default_transaction_read_only = on");
            await queue.SqlAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'");
            // The task ends while nothing can be written, and the worker has tried to tell.
            await Until.TrueAsync(() => Task.FromResult(
                Machine.ProcessesWith(mark).Count == 0 && warnings.Any(w => w.Contains("is lost", StringComparison.Ordinal))));
            await queue.SqlAsync($"alter database {database} set default_transaction_read_only = off");
            await queue.SqlAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'");

            await using var fresh = QueueClient.Create(connectionString);
            await Until.TrueAsync(async () => (await fresh.GetAsync(id))!.IsFinished);
            var task = (await fresh.GetAsync(id))!;
            Assert.Equal((TaskState.Completed, 1), (task.State, task.Run));
            await stop.CancelAsync();
            await working.WaitAsync(TimeSpan.FromSeconds(20));
        }

        await queue.SqlAsync($"drop database {database} with (force)");
    }
}
