using Npgsql;
using Xunit;

namespace PgQueue.Unit.Schedules;

public sealed class RegisterScheduleTests
{
    [Fact]
    public async Task A_schedule_is_registered_with_all_its_settings_and_knows_its_next_run()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        var start = DateTimeOffset.UtcNow.AddHours(1);

        var info = await queue.Client.RegisterScheduleAsync(new NewSchedule
        {
            Name = "nightly",
            Task = NewTask.ForCommand("pg_dump", "ops") with { Queue = "backup", Timeout = TimeSpan.FromMinutes(5) },
            Cron = "0 2 * * *",
            TimeZone = "W. Europe Standard Time",
            Overlap = OverlapPolicy.Queue,
            Missed = MissedPolicy.All,
            MissedLimit = 7,
            Jitter = TimeSpan.FromSeconds(90),
            StartAt = start,
            EndAt = start.AddDays(90),
            MaxRuns = 12,
        });

        Assert.Equal(("nightly", "0 2 * * *", null, "W. Europe Standard Time"), (info.Name, info.Cron, info.Every, info.TimeZone));
        Assert.Equal((OverlapPolicy.Queue, MissedPolicy.All, 7, TimeSpan.FromSeconds(90), 12), (info.Overlap, info.Missed, info.MissedLimit, info.Jitter, info.MaxRuns));
        Assert.Equal(start.LocalDateTime, info.StartAt!.Value, TimeSpan.FromMilliseconds(1));
        Assert.Equal((ScheduleState.Active, 0L, 0L, null), (info.State, info.Runs, info.Skipped, info.Error));
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        Assert.Equal(CronExpression.Parse("0 2 * * *").GetNextOccurrence(start, zone)!.Value.LocalDateTime, info.NextRun);
        Assert.Equal(info, await queue.InfoAsync("NIGHTLY"));
    }

    [Fact]
    public async Task Registering_it_again_keeps_its_history_and_with_the_same_rhythm_its_next_run()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(TimeSpan.FromHours(1)));
        await queue.PassAsync("often", TimeSpan.FromMinutes(61));
        await queue.FireAsync();
        var before = await queue.InfoAsync("often");

        var same = await queue.Client.RegisterScheduleAsync(
            ScheduleQueue.Every(TimeSpan.FromHours(1)) with { Task = NewTask.ForCommand("false"), Overlap = OverlapPolicy.Allow });
        var other = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Every(TimeSpan.FromHours(3)));

        Assert.Equal((1L, before.LastTaskId, before.LastTick), (before.Runs, same.LastTaskId, same.LastTick));
        Assert.Equal((before.NextRun, before.CreatedAt, OverlapPolicy.Allow, 1L), (same.NextRun, same.CreatedAt, same.Overlap, same.Runs));
        Assert.Contains("false", same.Task, StringComparison.Ordinal);
        Assert.Equal((before.CreatedAt.AddHours(3), 1L, before.LastTaskId), (other.NextRun, other.Runs, other.LastTaskId));
    }

    [Fact]
    public async Task A_schedule_that_was_suspended_stays_so_when_it_is_registered_again()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        var inactive = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly() with { Active = false });
        var again = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly());
        var active = await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly() with { Active = true });

        Assert.Equal((ScheduleState.Suspended, null), (inactive.State, inactive.NextRun));
        Assert.Equal(ScheduleState.Suspended, again.State);
        Assert.Equal(ScheduleState.Active, active.State);
        Assert.NotNull(active.NextRun);
    }

    [Theory]
    [InlineData(null, null, "UTC", QueueError.InvalidArgument, "Name 'x' has no rhythm: give Cron, such as '0 2 * * *', or Every")]
    [InlineData("0 * * * *", 60.0, "UTC", QueueError.InvalidArgument, "Name 'x' has both Cron and Every: give one of them.")]
    [InlineData(null, 0.5, "UTC", QueueError.InvalidArgument, "Every '00:00:00.5000000' is too short: one second is the shortest interval.")]
    [InlineData("61 * * * *", null, "UTC", QueueError.InvalidCron, "minute: ")]
    [InlineData("0 * * * *", null, "Europe/Berln", QueueError.UnknownTimeZone, "There is no time zone 'Europe/Berln'.")]
    [InlineData(null, 60.0, "Nowhere", QueueError.UnknownTimeZone, "There is no time zone 'Nowhere'.")]
    public async Task A_rhythm_that_cannot_be_used_is_an_error_and_nothing_is_written(string? cron, double? every, string zone, QueueError error, string message)
    {
        await using var queue = await ScheduleQueue.CreateAsync();

        var failure = await Assert.ThrowsAsync<QueueException>(() => queue.Client.RegisterScheduleAsync(new NewSchedule
        {
            Name = "x",
            Task = NewTask.ForCommand("true"),
            Cron = cron,
            Every = every is null ? null : TimeSpan.FromSeconds(every.Value),
            TimeZone = zone,
        }));

        Assert.Equal(error, failure.Error);
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, await queue.NumberAsync("select count(*) from {schema}.schedule"));
    }

    [Fact]
    public async Task Other_settings_that_cannot_be_used_are_errors()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        var good = ScheduleQueue.Hourly("x");
        var now = DateTimeOffset.UtcNow;

        await RefusedAsync(good with { Name = "" }, "Name '' must have 1 to 200 characters");
        await RefusedAsync(good with { Name = "a*" }, "Name 'a*' must have 1 to 200 characters, without * and ?.");
        await RefusedAsync(good with { StartAt = now, EndAt = now }, "EndAt ");
        await RefusedAsync(good with { MissedLimit = 0 }, "MissedLimit '0' must be from 1 to 10000.");
        await RefusedAsync(good with { MaxRuns = 0 }, "MaxRuns '0' must be at least 1.");
        await RefusedAsync(good with { Jitter = TimeSpan.FromSeconds(-1) }, "Jitter ");
        await RefusedAsync(good with { Task = new NewTask() }, "Kind '' is needed");
        await RefusedAsync(good with { Task = good.Task with { ClientId = "c" } }, "ClientId 'c' can't be repeated: leave it out.");
        await RefusedAsync(good with { Task = good.Task with { Delay = TimeSpan.FromSeconds(1) } }, "Delay ");
        await RefusedAsync(good with { Task = good.Task with { RunAt = now } }, "RunAt ");
        await RefusedAsync(good with { Task = new NewTask { Kind = TaskKind.Command } }, "Spec.file ");
        Assert.Equal(0, await queue.NumberAsync("select count(*) from {schema}.schedule"));

        async Task RefusedAsync(NewSchedule schedule, string message)
        {
            var failure = await Assert.ThrowsAsync<QueueException>(() => queue.Client.RegisterScheduleAsync(schedule));
            Assert.Equal(QueueError.InvalidArgument, failure.Error);
            Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Suspended_resumed_started_and_unregistered_by_name()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("a"));
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("b"));

        Assert.Equal(["a"], await queue.Client.SuspendSchedulesAsync(["a", "none"]));
        Assert.Equal(ScheduleState.Suspended, (await queue.InfoAsync("a")).State);
        Assert.Equal(ScheduleState.Active, (await queue.InfoAsync("b")).State);
        Assert.Equal(["a"], await queue.Client.ResumeSchedulesAsync(["a", "none"]));
        Assert.Equal(ScheduleState.Active, (await queue.InfoAsync("a")).State);

        var added = await queue.Client.StartScheduleAsync("a");
        var task = await queue.Queue.TaskAsync(added.Id);
        Assert.Equal(("a", TaskState.Ready), (task.Name, task.State));
        var info = await queue.InfoAsync("a");
        Assert.Equal((added.Id, TaskState.Ready, 0L, null), (info.LastTaskId, info.LastState, info.Runs, info.LastTick));

        Assert.Equal(["a"], await queue.Client.UnregisterSchedulesAsync(["a", "none"]));
        Assert.Equal(TaskState.Ready, (await queue.Queue.TaskAsync(added.Id)).State);
        var failure = await Assert.ThrowsAsync<QueueException>(() => queue.Client.StartScheduleAsync("a"));
        Assert.Equal((QueueError.ScheduleNotFound, "There is no schedule 'a'"), (failure.Error, failure.Message[..24]));
    }

    [Fact]
    public async Task A_run_started_by_hand_does_not_overlap_unless_that_is_allowed()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("skip"));
        await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("allow") with { Overlap = OverlapPolicy.Allow });

        Assert.Equal([TaskState.Ready, TaskState.Blocked], await StartTwiceAsync("skip"));
        Assert.Equal([TaskState.Ready, TaskState.Ready], await StartTwiceAsync("allow"));

        async Task<TaskState[]> StartTwiceAsync(string name)
        {
            var first = await queue.Client.StartScheduleAsync(name);
            var second = await queue.Client.StartScheduleAsync(name);
            return [(await queue.Queue.TaskAsync(first.Id)).State, (await queue.Queue.TaskAsync(second.Id)).State];
        }
    }

    [Fact]
    public async Task Sql_callers_register_with_the_same_rules_and_the_maintainer_says_what_it_cannot_read()
    {
        await using var queue = await ScheduleQueue.CreateAsync();
        const string Task = """'{"kind": "command", "spec": {"file": "true"}}'""";
        await queue.Queue.SqlAsync($$"""
            select {schema}.register_schedule('good', {{Task}}, cron => '@daily'),
                   {schema}.register_schedule('cron', {{Task}}, cron => '61 * * * *'),
                   {schema}.register_schedule('zone', {{Task}}, cron => '@daily', time_zone => 'Nowhere'),
                   {schema}.register_schedule('month', {{Task}}, every => '1 month')
            """);
        Assert.Null((await queue.InfoAsync("good")).NextRun);

        await queue.FireAsync();

        Assert.Equal(DateTime.UtcNow.Date.AddDays(1).ToLocalTime(), (await queue.InfoAsync("good")).NextRun);
        var month = await queue.InfoAsync("month");
        Assert.Equal((TimeSpan.FromDays(30), month.CreatedAt.AddDays(30)), (month.Every, month.NextRun));
        var cron = await queue.InfoAsync("cron");
        Assert.Equal(ScheduleState.Error, cron.State);
        Assert.StartsWith("minute: ", cron.Error, StringComparison.Ordinal);
        Assert.StartsWith("There is no time zone 'Nowhere'.", (await queue.InfoAsync("zone")).Error, StringComparison.Ordinal);
        Assert.Equal(2, queue.Reports.Count);

        await queue.Queue.SqlAsync($$"""select {schema}.register_schedule('cron', {{Task}}, cron => '1 * * * *')""");
        await queue.FireAsync();
        Assert.Equal((ScheduleState.Active, null), ((await queue.InfoAsync("cron")).State, (await queue.InfoAsync("cron")).Error));

        await RefusedAsync($$"""select {schema}.register_schedule('x', {{Task}})""", "needs cron or every");
        await RefusedAsync($$"""select {schema}.register_schedule('x', {{Task}}, cron => '@daily', every => '1 hour')""", "needs cron or every");
        await RefusedAsync($$"""select {schema}.register_schedule('x', {{Task}}, every => '0.5 seconds')""", "too short");
        await RefusedAsync($$"""select {schema}.register_schedule('x', {{Task}}, every => '1 h', start_at => 'tomorrow', end_at => 'today')""", "must be later");
        await RefusedAsync("""select {schema}.register_schedule('x', '{"kind": "command", "oops": 1}', every => '1 h')""", "no setting \"oops\"");
        await RefusedAsync("""select {schema}.register_schedule('x', '{"kind": "command", "client_id": "1"}', every => '1 h')""", "can't have the setting \"client_id\"");
        await RefusedAsync("""select {schema}.start_schedule('x')""", "there is no schedule \"x\"");
        Assert.Equal(0, await queue.NumberAsync("select count(*) from {schema}.task"));

        async Task RefusedAsync(string sql, string message) =>
            Assert.Contains(message, (await Assert.ThrowsAsync<PostgresException>(() => queue.Queue.SqlAsync(sql))).MessageText, StringComparison.Ordinal);
    }
}
