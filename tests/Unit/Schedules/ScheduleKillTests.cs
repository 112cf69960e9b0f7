using System.Globalization;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>Maintainers killed and cut off while schedules fire.</summary>
public sealed class ScheduleKillTests
{
    private const int Schedules = 200;
    private const int Kills = 50;

    private static readonly string[] s_serveNothing = ["--queue", "nothing", "--concurrency", "1"];

    /// <summary>Three workers compete for the office; what fires is cut off wherever it is, or its process is killed.</summary>
    [Fact]
    public async Task Fifty_kills_of_the_maintainer_while_200_schedules_fire_each_second_leave_one_task_for_every_tick()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await RegisterAsync(queue);
        var workers = new List<HostProcess>();
        try
        {
            for (var n = 0; n < 3; n++)
            {
                workers.Add(await HostProcess.WorkerAsync(queue.Queue, s_serveNothing));
            }

            var random = new Random(20261121);
            var hits = 0;
            for (var kill = 0; kill < Kills; kill++)
            {
                await AwaitMomentAsync(queue, random);
                hits += kill % 10 == 9
                    ? await KillProcessAsync(queue, workers)
                    : await TerminateBackendsAsync(queue);
            }

            Assert.True(hits >= Kills / 2, $"Only {hits} of {Kills} kills hit anybody.");
            await Until.TrueAsync(async () => await queue.NumberAsync("select count(*) from {schema}.schedule where next_run > now() and last_tick > now() - interval '3 seconds'") == Schedules);
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }

        await AssertEveryTickHasOneTaskAsync(queue);
    }

    private static Task<object?> RegisterAsync(ScheduleQueue queue) => queue.Queue.SqlAsync($$"""
        select {schema}.register_schedule(
            's' || n, '{"kind": "command", "spec": {"file": "true"}, "queue": "idle"}',
            cron => case when n % 2 = 0 then '* * * * * *' end, every => case when n % 2 = 1 then interval '1 second' end,
            overlap => 'allow', missed => 'all', missed_limit => 10000)
        from generate_series(1, {{Schedules}}) n
        """);

    /// <summary>Somewhere between two rounds of ticks, or in the midst of one.</summary>
    private static async Task AwaitMomentAsync(ScheduleQueue queue, Random random)
    {
        var until = DateTime.UtcNow.AddMilliseconds(random.Next(20, 400));
        var inTheMidst = random.Next(2) == 0;
        await Until.TrueAsync(async () => DateTime.UtcNow >= until
            && (!inTheMidst || DateTime.UtcNow > until.AddSeconds(1) || await queue.NumberAsync("select count(*) from pg_stat_activity where " + Firing(queue)) > 0));
    }

    /// <summary>Cuts off whatever fires at this moment, and the session that holds the office.</summary>
    private static async Task<int> TerminateBackendsAsync(ScheduleQueue queue) => (int)await queue.NumberAsync($$"""
        select count(*) filter (where pg_terminate_backend(pid))
        from pg_stat_activity
        where {{Firing(queue)}}
           or pid in (
                select l.pid from pg_locks l
                where l.locktype = 'advisory' and ((l.classid::bigint << 32) | l.objid::bigint) = {schema}.maintainer_lock_key())
        """);

    private static string Firing(ScheduleQueue queue) =>
        $"(state <> 'idle' and pid <> pg_backend_pid() and query like '%{queue.Queue.Schema}%' and (query like '%fire_schedules%' or query like '%lock_due%' or query = 'COMMIT'))";

    private static async Task<int> KillProcessAsync(ScheduleQueue queue, List<HostProcess> workers)
    {
        var found = await queue.Queue.SqlAsync("""
            select w.process_id from {schema}.worker w
            join pg_locks l on l.pid = w.backend_pid and l.locktype = 'advisory'
            where ((l.classid::bigint << 32) | l.objid::bigint) = {schema}.maintainer_lock_key()
            """);
        if (workers.Find(w => w.Id == found as int?) is not { } maintainer)
        {
            return 0;
        }

        maintainer.Kill();
        await maintainer.DisposeAsync();
        workers[workers.IndexOf(maintainer)] = await HostProcess.WorkerAsync(queue.Queue, s_serveNothing);
        return 1;
    }

    private static async Task AssertEveryTickHasOneTaskAsync(ScheduleQueue queue)
    {
        await using var connection = new NpgsqlConnection(queue.Queue.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"""
            select s.name, count(*), count(distinct t.tick), extract(epoch from max(t.tick) - min(t.tick))::integer + 1, s.runs, s.skipped,
                max(t.tick) = s.last_tick
            from {queue.Client.Database.QuotedSchema}.schedule s join {queue.Client.Database.QuotedSchema}.task t on t.schedule = s.name
            group by s.name
            """,
            connection);
        await using var row = await command.ExecuteReaderAsync();
        var schedules = 0;
        while (await row.ReadAsync())
        {
            schedules++;
            var tasks = row.GetInt64(1);
            var text = string.Create(CultureInfo.InvariantCulture, $"{row.GetString(0)}: {tasks} tasks");
            Assert.True(tasks >= 8, text);
            Assert.Equal((text, tasks, tasks, tasks, 0L, true), (text, row.GetInt64(2), row.GetInt32(3), row.GetInt64(4), row.GetInt64(5), row.GetBoolean(6)));
        }

        Assert.Equal(Schedules, schedules);
    }
}
