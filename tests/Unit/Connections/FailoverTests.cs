using System.Collections.Concurrent;
using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Connections;

/// <summary>A standby that is promoted when its primary dies under load.</summary>
public sealed class FailoverTests
{
    [Fact]
    public async Task With_a_synchronous_standby_nothing_is_lost_and_nothing_stuck_when_it_takes_over()
    {
        await using var primary = await RealServer.StartNewAsync(("max_connections", "50"), ("wal_level", "replica"));
        await using var standby = await primary.StartStandbyAsync("standby");
        await AskAsync(primary, "alter system set synchronous_standby_names = 'standby'");
        await AskAsync(primary, "alter system set synchronous_commit = 'remote_apply'");
        await AskAsync(primary, "select pg_reload_conf()");
        var both = EitherOf(primary, standby);
        await using var queue = await TestQueue.CreateByAsync(both);
        var warnings = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var working = WorkAsync(both, queue, warnings, stop.Token);
        var accepted = new ConcurrentQueue<long>();
        using var enough = new CancellationTokenSource();
        var producing = ProduceAsync();
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Completed] }) > 50);

        await primary.StopAsync("immediate");
        await standby.PromoteAsync();

        var before = accepted.Count;
        await Until.TrueAsync(() => Task.FromResult(producing.IsFaulted || accepted.Count > before + 50));
        await enough.CancelAsync();
        await producing;
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Completed] }) >= accepted.Count);
        await stop.CancelAsync();
        await working;

        var tasks = await queue.TasksAsync();
        Assert.Equal(accepted.Order(), tasks.Select(t => t.Id).Order());
        Assert.All(tasks, t => Assert.Equal((TaskState.Completed, 0), (t.State, t.Lost)));
        TestContext.Current.SendDiagnosticMessage($"{tasks.Count} tasks, {tasks.Count(t => t.Run > 1)} ran again. {string.Join(" | ", warnings)}");

        async Task ProduceAsync()
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                var added = await queue.Client.AddAsync(NewTask.ForCommand("true") with { ClientId = $"{i}" });
                accepted.Enqueue(added.Id);
            }
        }
    }

    [Fact]
    public async Task Without_a_synchronous_standby_only_what_the_server_lost_is_lost_and_nothing_is_stuck()
    {
        await using var primary = await RealServer.StartNewAsync(("max_connections", "50"), ("wal_level", "replica"));
        await using var standby = await primary.StartStandbyAsync("standby");
        var both = EitherOf(primary, standby);
        await using var queue = await TestQueue.CreateByAsync(both);
        var warnings = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var working = WorkAsync(both, queue, warnings, stop.Token);
        var kept = await AddAsync("kept", 20, NewTask.ForCommand("true"));
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Completed] }) == 20);
        await Until.TrueAsync(async () => await AskAsync(primary, "select bool_and(replay_lsn = pg_current_wal_lsn()) from pg_stat_replication") is true);

        // From here on the standby hears nothing. What is added now has numbers that the standby will give out again, and
        // the worker runs four of these when the primary dies.
        await AskAsync(standby, "alter system set primary_conninfo = ''");
        await AskAsync(standby, "select pg_reload_conf()");
        await Until.TrueAsync(async () => await AskAsync(primary, "select count(*) from pg_stat_replication") is 0L);
        await queue.Client.SetQueueAsync("paused", new() { Paused = true });
        var lost = await AddAsync("lost", 60, NewTask.ForCommand("true") with { Queue = "paused" });
        lost.AddRange(await AddAsync("running", 4, NewTask.ForCommand("sleep", "600")));
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Running] }) == 4);

        await primary.StopAsync("immediate");
        await standby.PromoteAsync();

        var after = await AddAsync("after", 60, NewTask.ForCommand("true"));
        Assert.NotEmpty(lost.TakeLast(4).Intersect(after));
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Completed] }) == 80);
        await stop.CancelAsync();
        await working;

        var tasks = await queue.TasksAsync();
        Assert.Equal(kept.Concat(after).Order(), tasks.Select(t => t.Id).Order());
        Assert.All(tasks, t => Assert.Equal((TaskState.Completed, TaskEnd.Success, 0), (t.State, t.Ended, t.Lost)));
        Assert.Contains(warnings, w => w.StartsWith("The server does not know that this worker runs 4 of its tasks", StringComparison.Ordinal));

        async Task<List<long>> AddAsync(string what, int count, NewTask task)
        {
            var ids = new List<long>();
            for (var i = 0; i < count; i++)
            {
                ids.Add((await queue.Client.AddAsync(task with { ClientId = $"{what} {i}" })).Id);
            }

            return ids;
        }
    }

    private static string EitherOf(RealServer primary, RealServer standby) => string.Create(
        CultureInfo.InvariantCulture,
        $"Host=127.0.0.1:{primary.Port},127.0.0.1:{standby.Port};Username=postgres;Database=postgres;Target Session Attributes=read-write");

    private static Task<WorkerSummary> WorkAsync(string connectionString, TestQueue queue, ConcurrentQueue<string> warnings, CancellationToken stop) =>
        new Worker(connectionString, queue.Schema, new()
        {
            Concurrency = 4,
            OnEvent = e =>
            {
                if (e is WorkerWarning warning)
                {
                    warnings.Enqueue(warning.Message);
                }
            },
        }).RunAsync(stop);

    private static async Task<object?> AskAsync(RealServer server, string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
