using Npgsql;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>A task is one worker's, from its claim to its end.</summary>
public sealed class ClaimTests
{
    [Fact]
    public async Task Of_simultaneous_claims_of_one_task_one_wins()
    {
        await using var queue = await TestQueue.CreateAsync();
        var workers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SqlWorker.JoinAsync(queue)));

        for (var round = 0; round < 50; round++)
        {
            var id = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
            var claims = await Task.WhenAll(workers.Select(worker => worker.ClaimAsync(2)));
            Assert.Equal([id], claims.SelectMany(claimed => claimed));
        }

        foreach (var worker in workers)
        {
            await worker.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_long_task_of_a_living_worker_is_never_claimed_again()
    {
        await using var queue = await TestQueue.CreateAsync();
        // Longer than the lease of 15 s after which a silent worker is given up.
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "18"))).Id;
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(0, 3).Select(_ => new Worker(queue.ConnectionString, queue.Schema).RunAsync(stop.Token)).ToList();

        await queue.Client.WaitAsync([id], timeout: TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await Task.WhenAll(workers);

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Completed, 1, 1, 0), (task.State, task.Run, task.Attempt, task.Lost));
        Assert.InRange((task.FinishedAt - task.StartedAt)!.Value.TotalSeconds, 18, 60);
    }

    [Fact]
    public async Task A_stop_between_claim_and_dispatch_strands_no_row()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        // The claim waits for this lock after it has taken the task and before the worker has its answer.
        await queue.SqlAsync(
            """
            create function {schema}.hold() returns trigger language plpgsql as
            $$ begin perform pg_advisory_xact_lock(hashtext('{schema}')); return new; end $$;
            create trigger hold before update on {schema}.task for each row when (new.state = 'running') execute function {schema}.hold()
            """);
        await using var holder = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
        await holder.OpenAsync();
        await SayAsync("select pg_advisory_lock(hashtext($1))");
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema).RunAsync(stop.Token, stop.Token);
        await Until.TrueAsync(async () => (bool)(await queue.SqlAsync(
            "select exists (select from pg_stat_activity where wait_event = 'advisory' and query like '%' || $1 || '.claim_tasks%')", queue.Client.Database.QuotedSchema))!);

        await stop.CancelAsync();
        await SayAsync("select pg_advisory_unlock(hashtext($1))");
        await working.WaitAsync(TimeSpan.FromSeconds(30));

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Ready, 0, 0), (task.State, task.Attempt, task.Lost));
        Assert.Null(task.Error);
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.worker"));

        async Task SayAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, holder) { Parameters = { new() { Value = queue.Client.Database.QuotedSchema } } };
            await command.ExecuteNonQueryAsync();
        }
    }
}
