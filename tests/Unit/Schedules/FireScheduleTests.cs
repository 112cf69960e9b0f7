using Npgsql;
using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>Ticks become tasks, each once; time is moved by changing rows.</summary>
public sealed class FireScheduleTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_due_tick_becomes_a_task_of_its_schedule_and_the_next_is_worked_out()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        var registered = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour));
        await queue.FireAsync();
        Assert.Empty(await queue.TicksAsync("often"));

        await queue.PassAsync("often", s_hour + TimeSpan.FromSeconds(1));
        await queue.FireAsync();

        var tick = registered.NextRun!.Value.ToUniversalTime() - s_hour - TimeSpan.FromSeconds(1);
        Assert.Equal([tick], await queue.TicksAsync("often"));
        var info = await queue.InfoAsync("often");
        Assert.Equal((tick.ToLocalTime(), tick.ToLocalTime() + s_hour, 1L, TaskState.Ready), (info.LastTick, info.NextRun, info.Runs, info.LastState));
        var task = await queue.Queue.TaskAsync(info.LastTaskId!.Value);
        Assert.Equal(("often", TaskState.Ready, TaskKind.Command), (task.Name, task.State, task.Kind));
    }

    [Fact]
    public async Task Two_maintainers_and_one_due_tick_make_one_run()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        for (var n = 0; n < 20; n++)
        {
            await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, $"s{n}"));
            await queue.PassAsync($"s{n}", s_hour);
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => queue.FireAsync()));

        Assert.Equal(20, await queue.NumberAsync("select count(*) from {schema}.task"));
        Assert.Equal(20, await queue.NumberAsync("select count(distinct schedule) from {schema}.task"));
    }

    [Fact]
    public async Task A_clock_set_back_over_a_tick_that_was_run_makes_no_second_run()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour) with { Overlap = OverlapPolicy.Allow });
        await queue.PassAsync("often", s_hour);
        await queue.FireAsync();

        // The tick comes again: once because the row says so, once because the schedule must work out its next run anew.
        await queue.Queue.SqlAsync("update {schema}.schedule set next_run = last_tick");
        await queue.FireAsync();
        await queue.Queue.SqlAsync("update {schema}.schedule set next_run = null");
        await queue.FireAsync();

        Assert.Single(await queue.TicksAsync("often"));
        var info = await queue.InfoAsync("often");
        Assert.Equal(info.LastTick + s_hour, info.NextRun);

        // And by the plan itself, half an hour before the tick that was run.
        var tick = DateTimeOffset.UtcNow;
        var plan = SchedulePlan.Of(Row(tick.AddMinutes(-30)) with { LastTick = tick, CreatedAt = tick, NextRun = tick });
        Assert.Empty(plan.Ticks);
        Assert.Equal(tick + s_hour, plan.NextRun);
    }

    [Fact]
    public async Task Down_for_25_hours_a_4_hourly_schedule_is_made_up_for_6_or_7_times_one_after_the_other()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("backup") with { Cron = "0 */4 * * *", Missed = MissedPolicy.All });
        // Down since shortly after a tick, so long ago.
        await queue.Queue.SqlAsync("update {schema}.schedule set last_tick = now() - interval '25 hours', counts_from = now() - interval '25 hours', next_run = null");

        await queue.FireAsync();

        var ticks = await queue.TicksAsync("backup");
        Assert.InRange(ticks.Length, 6, 7);
        Assert.Equal(ticks.Order(), ticks);
        Assert.All(ticks, t => Assert.Equal((0, 0), (t.Hour % 4, t.Minute)));
        Assert.Equal(ticks.Length, ticks.Distinct().Count());
        Assert.Equal(1, await queue.NumberAsync("select count(*) from {schema}.task where state = 'ready'"));
        Assert.Equal(0, (await queue.InfoAsync("backup")).Skipped);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public void The_databases_clock_decides_wherever_the_workers_stands(int minutes)
    {
        var now = DateTimeOffset.UtcNow.AddMinutes(minutes);
        var row = Row(now) with { CreatedAt = now - s_hour, CountsFrom = now - s_hour, NextRun = now };

        Assert.Equal([now], SchedulePlan.Of(row).Ticks);
        Assert.Equal(now + s_hour, SchedulePlan.Of(row).NextRun);
        Assert.Empty(SchedulePlan.Of(row with { Now = now.AddTicks(-10) }).Ticks);
    }

    [Fact]
    public async Task An_interval_keeps_its_phase_from_its_start()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        var start = new DateTimeOffset(2026, 1, 1, 0, 7, 0, TimeSpan.Zero);
        var info = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(TimeSpan.FromMinutes(10)) with { StartAt = start });
        Assert.Equal(7, info.NextRun!.Value.Minute % 10);

        await queue.Queue.SqlAsync("update {schema}.schedule set next_run = next_run - interval '1 day', last_tick = null, counts_from = now() - interval '1 day'");
        await queue.FireAsync();

        Assert.Equal(info.NextRun, (await queue.InfoAsync("often")).NextRun);
        Assert.All(await queue.TicksAsync("often"), t => Assert.Equal((7, 0), (t.Minute % 10, t.Second)));
    }

    [Fact]
    public async Task Jitter_puts_off_the_run_and_not_the_tick()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        for (var n = 0; n < 10; n++)
        {
            await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, $"s{n}") with { Jitter = s_hour });
            await queue.Queue.SqlAsync("update {schema}.schedule set next_run = date_trunc('second', now())");
        }

        await queue.FireAsync();

        Assert.Equal(1, await queue.NumberAsync("select count(distinct tick) from {schema}.task"));
        Assert.Equal(10, await queue.NumberAsync("select count(distinct run_at) from {schema}.task where state = 'scheduled' and run_at between now() and now() + interval '1 hour'"));
    }

    [Fact]
    public async Task A_schedule_starts_at_its_start_and_ends_after_its_last_run_or_at_its_end()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        var start = DateTimeOffset.UtcNow.AddMinutes(5);
        var later = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, "later") with { StartAt = start, EndAt = start.AddMinutes(90) });
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, "thrice") with { MaxRuns = 3, Missed = MissedPolicy.All, Overlap = OverlapPolicy.Allow });
        var never = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("never") with { Cron = "0 0 30 2 *" });
        Assert.Equal(start.LocalDateTime, later.NextRun!.Value, TimeSpan.FromMilliseconds(1));
        Assert.Equal((ScheduleState.Ended, null), (never.State, never.NextRun));

        await queue.PassAsync("later", TimeSpan.FromMinutes(6));
        await queue.PassAsync("thrice", 5.5 * s_hour);
        await queue.FireAsync();
        Assert.Equal((ScheduleState.Active, 1L), ((await queue.InfoAsync("later")).State, (await queue.InfoAsync("later")).Runs));
        await queue.EndTasksAsync();
        await queue.PassAsync("later", s_hour);
        await queue.FireAsync();

        var ended = await queue.InfoAsync("later");
        Assert.Equal((ScheduleState.Ended, 2L, null), (ended.State, ended.Runs, ended.NextRun));
        var thrice = await queue.InfoAsync("thrice");
        Assert.Equal((ScheduleState.Ended, 3L, 2L), (thrice.State, thrice.Runs, thrice.Skipped));
        Assert.Equal(ScheduleState.Active, (await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, "thrice") with { MaxRuns = 4 })).State);
    }

    [Fact]
    public async Task Five_hundred_schedules_with_a_bad_one_among_them_all_run_but_that_one()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Queue.SqlAsync("""
            select {schema}.register_schedule('s' || n, '{"kind": "command", "spec": {"file": "true"}}', every => '1 hour')
            from generate_series(1, 500) n
            """);
        await queue.Queue.SqlAsync("""update {schema}.schedule set task = '{"kind": "no such kind"}' where name in ('s77', 's401')""");
        await queue.Queue.SqlAsync("update {schema}.schedule set next_run = now()");

        await queue.FireAsync();

        Assert.Equal(498, await queue.NumberAsync("select count(distinct schedule) from {schema}.task"));
        var bad = await queue.InfoAsync("s77");
        Assert.Equal((ScheduleState.Error, 0L, null), (bad.State, bad.Runs, bad.LastTick));
        Assert.Contains("no such kind", bad.Error, StringComparison.Ordinal);
        Assert.Equal(2, queue.Reports.Count);

        // A minute later it is tried again, and its tick is not lost.
        await queue.Queue.SqlAsync("""update {schema}.schedule set task = '{"kind": "command", "spec": {"file": "true"}}'""");
        await queue.Queue.SqlAsync("update {schema}.schedule set retry_at = now() where retry_at is not null");
        await queue.FireAsync();
        Assert.Equal((ScheduleState.Active, 1L, null), ((await queue.InfoAsync("s77")).State, (await queue.InfoAsync("s77")).Runs, (await queue.InfoAsync("s77")).Error));
        Assert.Equal(500, await queue.NumberAsync("select count(distinct schedule) from {schema}.task"));
    }

    [Fact]
    public async Task A_schedule_that_somebody_has_locked_does_not_hold_up_the_others()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, "held"));
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, "free"));
        await queue.PassAsync("held", s_hour);
        await queue.PassAsync("free", s_hour);
        await using var connection = new NpgsqlConnection(queue.Queue.ConnectionString);
        await connection.OpenAsync();
        await using (await connection.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand($"select from {queue.Client.Database.QuotedSchema}.schedule where name = 'held' for update", connection);
            await command.ExecuteNonQueryAsync();
            await queue.FireAsync();
        }

        Assert.Empty(await queue.TicksAsync("held"));
        Assert.Single(await queue.TicksAsync("free"));
        await queue.FireAsync();
        Assert.Single(await queue.TicksAsync("held"));
    }

    [Fact]
    public async Task A_worker_fires_within_a_second_of_the_tick_and_the_last_end_is_known()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await using var worker = await HostProcess.WorkerAsync(queue.Queue);
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("second") with { Cron = "* * * * * *" });
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("broken") with { Cron = "* * * * * *", Task = NewTask.ForMethod("/no/such.dll", "A.B::C") });

        // Others may keep this machine busy: some ticks may be later, none earlier.
        await Until.TrueAsync(async () => await queue.NumberAsync("select count(*) from {schema}.tasks where created_at <= tick + interval '1 second'") >= 3);
        await Until.TrueAsync(async () => (await queue.InfoAsync("second")).LastEnded is not null && (await queue.InfoAsync("broken")).LastEnded is not null);

        var info = await queue.InfoAsync("second");
        Assert.Equal(TaskEnd.Success, info.LastEnded);
        Assert.NotNull(info.LastFinishedAt);
        Assert.True(info.LastDuration > TimeSpan.Zero);
        Assert.Equal(TaskEnd.Error, (await queue.InfoAsync("broken")).LastEnded);
        Assert.Equal(0, await queue.NumberAsync("select count(*) from {schema}.tasks where created_at < tick"));
        worker.Terminate();
        await worker.WaitAsync();
    }

    private static ScheduleRow Row(DateTimeOffset now) => new() { Now = now, Name = "often", Every = s_hour, CreatedAt = now, CountsFrom = now };
}
