using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>What happens to ticks whose predecessor has not finished, and to those that were missed.</summary>
public sealed class SchedulePolicyTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Overlap_skip_passes_over_a_tick_while_the_previous_task_is_unfinished_and_counts_it()
    {
        await using var queue = await FiredTwiceAsync(OverlapPolicy.Skip);

        Assert.Equal(1, await queue.NumberAsync("select count(*) from {schema}.task"));
        var info = await queue.InfoAsync("often");
        Assert.Equal((1L, 1L), (info.Runs, info.Skipped));

        await queue.EndTasksAsync();
        await queue.PassAsync("often", s_hour);
        await queue.FireAsync();
        Assert.Equal((2L, 1L), ((await queue.InfoAsync("often")).Runs, (await queue.InfoAsync("often")).Skipped));
    }

    [Fact]
    public async Task Overlap_allow_runs_both()
    {
        await using var queue = await FiredTwiceAsync(OverlapPolicy.Allow);

        Assert.Equal(2, await queue.NumberAsync("select count(*) from {schema}.task where state = 'ready'"));
        Assert.Equal((2L, 0L), ((await queue.InfoAsync("often")).Runs, (await queue.InfoAsync("often")).Skipped));
    }

    [Fact]
    public async Task Overlap_queue_lets_the_new_task_wait_for_the_end_of_the_one_before_however_it_ends()
    {
        await using var queue = await FiredTwiceAsync(OverlapPolicy.Queue);
        await queue.PassAsync("often", s_hour);
        await queue.FireAsync();
        var tasks = await queue.Queue.TasksAsync();
        Assert.Equal([TaskState.Ready, TaskState.Blocked, TaskState.Blocked], tasks.Select(t => t.State));

        await queue.Client.CancelAsync([tasks[0].Id]);
        Assert.Equal([TaskState.Canceled, TaskState.Ready, TaskState.Blocked], (await queue.Queue.TasksAsync()).Select(t => t.State));
        await queue.Queue.DrainAsync();

        Assert.Equal([TaskState.Canceled, TaskState.Completed, TaskState.Completed], (await queue.Queue.TasksAsync()).Select(t => t.State));
        Assert.Equal(1, await queue.NumberAsync("select count(*) from {schema}.history a join {schema}.history b on a.id < b.id and a.finished_at <= b.started_at where a.state = 'completed' and b.state = 'completed'"));
    }

    [Theory]
    [InlineData(MissedPolicy.Skip, 0)]
    [InlineData(MissedPolicy.Once, 1)]
    [InlineData(MissedPolicy.All, 3)]
    public async Task A_downtime_over_three_ticks_is_made_up_for_as_the_policy_says(MissedPolicy policy, int runs)
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour) with { Missed = policy });
        await queue.PassAsync("often", 3.5 * s_hour);

        await queue.FireAsync();

        var info = await queue.InfoAsync("often");
        Assert.Equal((runs, 3L - runs), (info.Runs, info.Skipped));
        Assert.Equal((info.CreatedAt.AddHours(3), info.CreatedAt.AddHours(4)), (info.LastTick, info.NextRun));
        // Once: the newest of them.
        Assert.Equal(Enumerable.Range(4 - runs, runs).Select(n => info.CreatedAt.ToUniversalTime().AddHours(n)), await queue.TicksAsync("often"));
    }

    [Theory]
    [InlineData(MissedPolicy.Skip, 0)]
    [InlineData(MissedPolicy.Once, 1)]
    [InlineData(MissedPolicy.All, 3)]
    public async Task A_suspension_over_three_ticks_is_made_up_for_as_the_policy_says(MissedPolicy policy, int runs)
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        // So short that none of the three would be late: they were missed because the schedule was suspended.
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(TimeSpan.FromSeconds(2)) with { Missed = policy, Overlap = OverlapPolicy.Allow });
        await queue.Client.SuspendSchedulesAsync(["often"]);
        await queue.PassAsync("often", TimeSpan.FromSeconds(7));
        await queue.FireAsync();
        Assert.Empty(await queue.TicksAsync("often"));

        await queue.Client.ResumeSchedulesAsync(["often"]);
        await queue.FireAsync();

        var info = await queue.InfoAsync("often");
        Assert.Equal((runs, 3L - runs), (info.Runs, info.Skipped));
    }

    [Fact]
    public async Task A_schedule_registered_inactive_has_missed_nothing_when_it_is_resumed()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour) with { Missed = MissedPolicy.All, Active = false });
        await queue.PassAsync("often", 3.5 * s_hour);

        await queue.Client.ResumeSchedulesAsync(["often"]);
        await queue.FireAsync();

        var info = await queue.InfoAsync("often");
        Assert.Equal((0L, 0L, info.CreatedAt.AddHours(4)), (info.Runs, info.Skipped, info.NextRun));
    }

    [Fact]
    public async Task The_newest_of_the_missed_ticks_are_made_up_for_up_to_the_limit()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour, "interval") with { Missed = MissedPolicy.All, MissedLimit = 5 });
        // Half an hour ago: a tick of this very minute would not have been missed.
        var newest = DateTimeOffset.UtcNow.AddMinutes(-30);
        newest = newest.AddTicks(-newest.Ticks % TimeSpan.TicksPerMinute);
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("cron") with { Cron = $"{newest.Minute} * * * *", Missed = MissedPolicy.All, MissedLimit = 5 });
        await queue.PassAsync("interval", 20.5 * s_hour);
        await queue.Queue.SqlAsync("update {schema}.schedule set next_run = $1 where name = 'cron'", newest.AddHours(-20));

        await queue.FireAsync();

        var interval = await queue.InfoAsync("interval");
        Assert.Equal((5L, 15L), (interval.Runs, interval.Skipped));
        Assert.Equal(Enumerable.Range(16, 5).Select(n => interval.CreatedAt.ToUniversalTime().AddHours(n)), await queue.TicksAsync("interval"));
        var cron = await queue.TicksAsync("cron");
        Assert.Equal(5, cron.Length);
        Assert.Equal(16, (await queue.InfoAsync("cron")).Skipped);
        Assert.Equal(4, (cron[^1] - cron[0]).TotalHours);
    }

    [Fact]
    public async Task Many_missed_ticks_are_made_up_for_in_several_steps_and_in_their_order()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        var minute = TimeSpan.FromMinutes(1);
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(minute) with { Missed = MissedPolicy.All, MissedLimit = 1200 });
        await queue.PassAsync("often", 1500.5 * minute);

        await queue.FireAsync();

        var info = await queue.InfoAsync("often");
        var ticks = await queue.TicksAsync("often");
        // The newest is no minute late: it has not been missed, but comes in its turn.
        Assert.Equal((1201L, 299L), (info.Runs, info.Skipped));
        Assert.Equal(Enumerable.Range(300, 1201).Select(n => info.CreatedAt.ToUniversalTime().AddMinutes(n)), ticks);
        Assert.Equal(1200, await queue.NumberAsync("select count(*) from {schema}.task where state = 'blocked'"));
        Assert.Equal(info.LastTick + minute, info.NextRun);
    }

    [Fact]
    public void A_short_pause_between_two_maintainers_is_nothing_missed()
    {
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 5, TimeSpan.Zero);
        var row = new ScheduleRow
        {
            Now = now,
            Name = "x",
            Cron = "* * * * * *",
            Missed = MissedPolicy.Skip,
            Overlap = OverlapPolicy.Allow,
            CreatedAt = now.AddDays(-1),
            CountsFrom = now.AddDays(-1),
            NextRun = now.AddSeconds(-3),
        };

        Assert.Equal(4, SchedulePlan.Of(row).Ticks.Count);
        Assert.Equal(11, SchedulePlan.Of(row with { NextRun = now.AddHours(-1) }).Ticks.Count);
        // A schedule of the night survives a restart of the server.
        var nightly = row with { Cron = "0 12 * * *", NextRun = now.AddSeconds(-5), Now = now.AddSeconds(50) };
        Assert.Single(SchedulePlan.Of(nightly).Ticks);
        Assert.Empty(SchedulePlan.Of(nightly with { Now = now.AddSeconds(56) }).Ticks);
    }

    [Fact]
    public void A_year_of_missed_seconds_is_planned_at_once()
    {
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        var row = new ScheduleRow
        {
            Now = now,
            Name = "x",
            Cron = "* * * * * *",
            Missed = MissedPolicy.All,
            Overlap = OverlapPolicy.Allow,
            CreatedAt = now.AddYears(-1),
            CountsFrom = now.AddYears(-1),
        };

        var plan = SchedulePlan.Of(row);

        // The ticks in time besides the limit; no more than a thousand of the others are counted.
        Assert.Equal(111, plan.Ticks.Count);
        Assert.Equal((now, now.AddSeconds(1)), (plan.LastTick, plan.NextRun));
        Assert.InRange(plan.Skipped, 1000, 1001);
        Assert.Equal(365 * 24 * 3600 - 111, SchedulePlan.Of(row with { Cron = null, Every = TimeSpan.FromSeconds(1) }).Skipped);
    }

    /// <summary>A schedule whose second tick comes while the task of its first is unfinished.</summary>
    private static async Task<ScheduleQueue> FiredTwiceAsync(OverlapPolicy overlap)
    {
        var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour) with { Overlap = overlap });
        for (var n = 0; n < 2; n++)
        {
            await queue.PassAsync("often", s_hour);
            await queue.FireAsync();
        }

        return queue;
    }

    [Theory]
    [InlineData("select count(*) from {schema}.cancel_tasks(array[$1, $2])")]
    [InlineData("select count(*) from {schema}.remove_tasks(array[$1, $2])")]
    public async Task Runs_that_are_taken_out_of_the_line_let_none_of_those_behind_overlap(string how)
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue.Queue);
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(s_hour) with { Overlap = OverlapPolicy.Queue });
        var ids = new List<long>();
        for (var n = 0; n < 5; n++)
        {
            ids.Add((long)(await queue.Queue.SqlAsync("select {schema}.start_schedule('often')"))!);
        }

        Assert.Equal([ids[0]], await worker.ClaimAsync(5));

        await queue.Queue.SqlAsync(how, ids[1], ids[2]);

        Assert.Empty(await worker.ClaimAsync(5));
        foreach (var (running, next) in new[] { (ids[0], ids[3]), (ids[3], ids[4]) })
        {
            await worker.FinishAsync(running);
            Assert.Equal([next], await worker.ClaimAsync(5));
        }
    }
}
