using System.Collections.Concurrent;
using System.Diagnostics;
using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class WorkerFaultTests
{
    [Fact]
    public async Task A_worker_whose_schema_is_dropped_ends_with_that_and_leaves_no_child()
    {
        await using var queue = await TestQueue.CreateAsync();
        var (endless, mark) = Machine.Marked(NewTask.ForCommand("sleep", "300"));
        await queue.Client.AddAsync(endless);
        var working = new Worker(queue.ConnectionString, queue.Schema).RunAsync();
        await Until.TrueAsync(() => Task.FromResult(Machine.ProcessesWith(mark).Count > 0));

        await queue.Client.UninstallSchemaAsync();

        var error = await Assert.ThrowsAsync<QueueException>(() => working.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(QueueError.SchemaMissing, error.Error);
        Assert.Empty(Machine.ProcessesWith(mark));
    }

    [Fact]
    public async Task A_listener_that_fails_costs_no_task_and_its_exception_comes_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var worker = new Worker(queue.ConnectionString, queue.Schema, new()
        {
            OnEvent = e => _ = e is TaskStarted ? throw new FormatException("bad listener") : 0,
        });

        var error = await Assert.ThrowsAsync<FormatException>(() => worker.RunAsync().WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Equal("bad listener", error.Message);
        Assert.Equal(TaskState.Completed, (await queue.TaskAsync(id)).State);
    }

    [Fact]
    public async Task A_worker_survives_a_restart_of_the_server_with_its_tasks_and_says_so_once()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        var connectionString = (await server.StartAsync()).ConnectionString!;
        await using var client = QueueClient.Create(connectionString);
        await client.InstallSchemaAsync();
        var added = await client.AddAsync([.. Enumerable.Range(0, 4).Select(_ => NewTask.ForCommand("sleep", "3"))], null);
        var warnings = new List<string>();
        using var stop = new CancellationTokenSource();
        var working = new Worker(connectionString, "pgqueue", new()
        {
            Concurrency = 2,
            OnEvent = e =>
            {
                if (e is WorkerWarning w)
                {
                    warnings.Add($"{w.At:ss.fff} {w.Message}");
                }
            },
        }).RunAsync(stop.Token);
        await Until.TrueAsync(async () => await client.CountAsync(new() { States = [TaskState.Running] }) == 2);

        await server.StopAsync(ServerStopMode.Immediate);
        await server.StartAsync();

        var since = Stopwatch.StartNew();
        await Until.TrueAsync(async () => since.Elapsed < TimeSpan.FromSeconds(25) && await FinishedAsync() == 4);
        await stop.CancelAsync();
        await working;
        await foreach (var task in client.QueryAsync(new()))
        {
            Assert.Equal((TaskState.Completed, 1, 0), (task.State, task.Run, task.Lost));
        }

        Assert.Equal(4, added.Count);
        Assert.True(warnings is [var lost, var back] && lost.Contains("is lost", StringComparison.Ordinal) && back.Contains("is back", StringComparison.Ordinal), string.Join('\n', warnings));

        async Task<long> FinishedAsync()
        {
            try
            {
                return await client.CountAsync(new() { States = [TaskState.Completed] });
            }
            catch (QueueException e) when (e.IsTransient)
            {
                return 0; // A pooled connection of before the restart.
            }
        }
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
