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
        await SetAsync(primary, "alter system set synchronous_standby_names = 'standby'");
        await SetAsync(primary, "alter system set synchronous_commit = 'remote_apply'");
        await SetAsync(primary, "select pg_reload_conf()");
        var both = string.Create(
            CultureInfo.InvariantCulture,
            $"Host=127.0.0.1:{primary.Port},127.0.0.1:{standby.Port};Username=postgres;Database=postgres;Target Session Attributes=read-write");
        await using var queue = await TestQueue.CreateByAsync(both);
        var warnings = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var working = new Worker(both, queue.Schema, new()
        {
            Concurrency = 4,
            OnEvent = e =>
            {
                if (e is WorkerWarning warning)
                {
                    warnings.Enqueue(warning.Message);
                }
            },
        }).RunAsync(stop.Token);
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

    private static async Task SetAsync(RealServer server, string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
