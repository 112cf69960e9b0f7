using Npgsql;
using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class TaskWatchTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Each_end_is_told_once_whether_it_came_before_or_while_it_is_watched()
    {
        await using var queue = await TestQueue.CreateAsync();
        var ended = await queue.RunAsync(NewTask.ForCommand("true"));
        var canceled = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var waits = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await using var watch = queue.Client.Watch([ended.Id, canceled, waits, 999_999]);

        Assert.Equal([ended.Id, 999_999], (await watch.NextAsync(Long, CancellationToken.None)).Order());
        Assert.Empty(await watch.NextAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None));
        var next = watch.NextAsync(Long, CancellationToken.None);
        await queue.Client.CancelAsync([canceled], "not needed");
        Assert.Equal([canceled], await next);
        await queue.DrainAsync();
        Assert.Equal([waits], await watch.NextAsync(Long, CancellationToken.None));
        Assert.Empty(await watch.NextAsync(Long, CancellationToken.None));
    }

    [Fact]
    public async Task One_that_is_watched_on_after_its_restart_is_told_again()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.RunAsync(NewTask.ForCommand("true"))).Id;
        await using var watch = queue.Client.Watch([id]);
        Assert.Equal([id], await watch.NextAsync(Long, CancellationToken.None));

        await queue.Client.RestartAsync([id]);
        watch.Reopen(id);
        Assert.Empty(await watch.NextAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None));
        await queue.DrainAsync();

        Assert.Equal([id], await watch.NextAsync(Long, CancellationToken.None));
    }

    [Fact]
    public async Task A_worker_that_found_a_task_locked_by_its_watcher_is_woken_once_more()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        await queue.SqlAsync("update {schema}.worker set asleep = true");
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await using var listener = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
        await listener.OpenAsync();
        await using var listen = new NpgsqlCommand(queue.Client.Database.Qualify("select {schema}.listen_to({schema}.wake_channel())"), listener);
        await listen.ExecuteNonQueryAsync();
        await using (var watcher = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false"))
        {
            await watcher.OpenAsync();
            await using var transaction = await watcher.BeginTransactionAsync();
            await using var watch = new NpgsqlCommand(queue.Client.Database.Qualify("select {schema}.watch_tasks(array[$1])"), watcher) { Parameters = { new() { Value = id } } };
            Assert.Equal(id, await watch.ExecuteScalarAsync());
            Assert.Empty(await worker.ClaimAsync(1));
            await transaction.CommitAsync();
        }

        Assert.True(await listener.WaitAsync(Long));
        Assert.Equal([id], await worker.ClaimAsync(1));
    }

    [Fact]
    public async Task A_session_that_has_watched_or_followed_listens_no_longer_for_its_next_user()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var database = queue.Client.Database;
        await using (var watch = queue.Client.Watch([id]))
        {
            await watch.NextAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }

        await using (var follower = new TaskFollower(queue.Client, [id]))
        {
            await follower.NextAsync(CancellationToken.None);
        }

        Assert.Equal(0, await ListenersAsync());

        // All that lie idle are taken, one after another, before the first goes back.
        async Task<int> ListenersAsync()
        {
            var connections = new List<NpgsqlConnection>();
            try
            {
                var listeners = 0;
                for (var i = 0; i < 3; i++)
                {
                    connections.Add(await database.OpenAsync(CancellationToken.None));
                    await using var command = new NpgsqlCommand("select count(*)::integer from pg_listening_channels()", connections[^1]);
                    listeners += (int)(await command.ExecuteScalarAsync())!;
                }

                return listeners;
            }
            finally
            {
                foreach (var connection in connections)
                {
                    await connection.DisposeAsync();
                }
            }
        }
    }

    [Fact]
    public async Task A_script_s_progress_is_told_while_it_runs_and_can_be_read()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForScript("Write-Progress Copying -Status 'file 7' -PercentComplete 70; while ($true) { Start-Sleep 1 }") with { Name = "copy" })).Id;
        var told = new System.Collections.Concurrent.ConcurrentQueue<WorkerEvent>();
        var working = queue.DrainAsync(new() { OnEvent = told.Enqueue });
        await Until.TrueAsync(() => Task.FromResult(told.OfType<TaskProgress>().Any()));

        Assert.Equal((id, "Copying: file 7 70 %"), (told.OfType<TaskProgress>().First().TaskId, told.OfType<TaskProgress>().First().Text));
        var running = Assert.Single(await queue.Client.GetRunningAsync([id], CancellationToken.None));
        Assert.Equal(new RunningNow(id, 1, "copy"), running);
        Assert.Equal(running, Assert.Single(await queue.Client.GetRunningAsync(null, CancellationToken.None)));
        IReadOnlyList<TaskOutput> records = [];
        await Until.TrueAsync(async () => (records = await queue.Client.GetProgressAsync([(id, 1, 0)], CancellationToken.None)).Count > 0);
        Assert.Equal("Copying: file 7 70 %", records[0].Text);
        Assert.Empty(await queue.Client.GetProgressAsync([(id, 1, records[^1].Sequence)], CancellationToken.None));

        await queue.Client.CancelAsync([id], "seen");
        await working;
    }
}
