using Npgsql;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>What is taken from workers that died or were cut off.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public async Task A_lost_run_and_a_task_lost_too_often_name_the_worker_that_died()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Name = "not a worker", MaxLost = 1 })).Id;

        await LoseAsync(queue);
        Assert.Equal("sql", await queue.SqlAsync("select past_runs -> 0 ->> 'worker' from {schema}.task where id = $1", id));

        await LoseAsync(queue);
        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Failed, TaskEnd.Lost, "sql"), (task.State, task.Ended, task.Worker));
        Assert.EndsWith("the last was sql.", task.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_was_given_up_comes_back_even_when_its_next_session_breaks_as_well()
    {
        await using var queue = await TestQueue.CreateAsync();
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema, new() { Name = $"unlucky {queue.Schema}" }).RunAsync(stop.Token);
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.worker") is 1L);

        // Whoever registers has to wait, and is cut off there.
        await using (var gate = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false"))
        {
            await gate.OpenAsync();
            await ExecuteAsync(gate, $"select pg_advisory_lock(hashtext('{queue.Schema}.gate'))");
            await ExecuteAsync(
                gate,
                $"""
                create function "{queue.Schema}".gate() returns trigger language plpgsql as
                    'begin perform pg_advisory_xact_lock(hashtext(''{queue.Schema}.gate'')); return new; end';
                create trigger gate before insert on "{queue.Schema}".worker for each row execute function "{queue.Schema}".gate();
                update "{queue.Schema}".worker set lost_at = clock_timestamp();
                """);
            await Until.TrueAsync(async () => await queue.SqlAsync(
                $"select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%unlucky {queue.Schema}' and wait_event = 'advisory'") is true);
        }

        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await Until.TrueAsync(async () => working.IsCompleted || (await queue.TaskAsync(id)).State == TaskState.Completed);
        await stop.CancelAsync();
        Assert.Equal(1, (await working).Completed);
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

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A worker claims what is there, dies, and is noticed.</summary>
    private static async Task LoseAsync(TestQueue queue)
    {
        await using (var worker = await SqlWorker.JoinAsync(queue))
        {
            Assert.Single(await worker.ClaimAsync(1));
            await worker.DieAsync();
        }

        await Until.TrueAsync(async () => await queue.SqlAsync("select tasks from {schema}.recover_workers('0') where tasks is not null") is 1);
    }
}
