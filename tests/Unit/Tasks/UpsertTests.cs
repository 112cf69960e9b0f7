using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>Tasks that are put in the place of others by the client's own id.</summary>
public sealed class UpsertTests
{
    private static NewTask Of(string client, string arg, int priority = TaskPriority.Normal) =>
        NewTask.ForCommand("echo", arg) with { ClientId = client, Priority = priority };

    [Fact]
    public async Task An_upsert_adds_what_is_not_there_and_replaces_what_waits_under_its_id()
    {
        await using var queue = await TestQueue.CreateAsync();

        var added = await queue.Client.SetAsync(Of("c", "1") with { Delay = TimeSpan.FromHours(1), Tags = ["old"] });
        var replaced = await queue.Client.SetAsync(Of("c", "2", TaskPriority.High));

        Assert.Equal((SetOutcome.Added, SetOutcome.Replaced, added.Id), (added.Outcome, replaced.Outcome, replaced.Id));
        var task = Assert.Single(await queue.TasksAsync());
        Assert.Equal((TaskState.Ready, 75, "c"), (task.State, task.Priority, task.ClientId));
        Assert.Contains("\"2\"", task.Spec, StringComparison.Ordinal);
        Assert.Empty(task.Tags);
    }

    [Fact]
    public async Task An_upsert_of_a_task_that_waits_for_its_retry_resets_attempts_and_error()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var id = (await queue.Client.SetAsync(Of("c", "1") with { MaxAttempts = 3 })).Id;
        await worker.ClaimAsync(1);
        await worker.FinishAsync(id, "failed", TimeSpan.FromHours(1));

        Assert.Equal(new SetTaskAnswer(id, SetOutcome.Replaced), await queue.Client.SetAsync(Of("c", "2") with { MaxAttempts = 3 }));

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Ready, 0, null), (task.State, task.Attempt, task.Error));
        Assert.Equal(1, await queue.SqlAsync("select jsonb_array_length(past_runs) from {schema}.task where id = $1", id));
        Assert.Equal([id], await worker.ClaimAsync(1));
        Assert.Equal("completed", await worker.FinishAsync(id));
        Assert.Equal(2, (await queue.TaskAsync(id)).Run);
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("completed")]
    public async Task An_upsert_of_a_running_task_makes_a_new_one_and_the_old_never_retries(string end)
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var old = (await queue.Client.SetAsync(Of("c", "1") with { MaxAttempts = 3 })).Id;
        await worker.ClaimAsync(1);

        var next = await queue.Client.SetAsync(Of("c", "2"));
        var again = await queue.Client.SetAsync(Of("c", "3"));

        Assert.Equal((SetOutcome.Queued, SetOutcome.Replaced, next.Id), (next.Outcome, again.Outcome, again.Id));
        Assert.NotEqual(old, next.Id);
        Assert.Empty(await worker.ClaimAsync(5));
        Assert.Equal(end, await worker.FinishAsync(old, end, end == "failed" ? TimeSpan.Zero : null));
        Assert.Equal([next.Id], await worker.ClaimAsync(5));
        Assert.Contains("\"3\"", (await queue.TaskAsync(next.Id)).Spec, StringComparison.Ordinal);
        Assert.Equal(next.Id, Assert.Single(await queue.TasksAsync(new() { ClientIds = ["c"] })).Id);
    }

    [Fact]
    public async Task A_replaced_run_that_is_lost_or_given_back_does_not_run_again()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var old = (await queue.Client.SetAsync(Of("c", "1"))).Id;
        await worker.ClaimAsync(1);
        var next = await queue.Client.SetAsync(Of("c", "2"));

        await queue.SqlAsync("select {schema}.free_tasks($1, false)", worker.Id);

        var task = await queue.TaskAsync(old);
        Assert.Equal((TaskState.Canceled, $"It was replaced by task {next.Id}."), (task.State, task.Error!.Message));
        Assert.Equal([next.Id], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task An_upsert_of_a_finished_task_runs_it_anew_under_its_id()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var id = (await queue.Client.SetAsync(Of("c", "1"))).Id;
        await worker.ClaimAsync(1);
        await worker.FinishAsync(id);

        Assert.Equal(new SetTaskAnswer(id, SetOutcome.Replaced), await queue.Client.SetAsync(Of("c", "2")));

        Assert.Equal([id], await worker.ClaimAsync(5));
        Assert.Contains("\"2\"", (await queue.TaskAsync(id)).Spec, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upsert_that_would_make_a_circle_is_refused()
    {
        await using var queue = await TestQueue.CreateAsync();
        var first = (await queue.Client.SetAsync(Of("c", "1"))).Id;
        var second = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { After = [first] })).Id;
        var third = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { After = [second] })).Id;

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.SetAsync(Of("c", "2") with { After = [third] }));

        Assert.Equal(QueueError.InvalidArgument, error.Error);
        Assert.Equal($"Task {first} would wait for a task that waits for it. A circle of tasks would wait for ever.", error.Message);
        Assert.Contains("\"1\"", (await queue.TaskAsync(first)).Spec, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replaced_task_keeps_those_that_wait_for_it_and_leaves_its_group()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var first = (await queue.Client.SetAsync(Of("c", "1") with { Group = "g" })).Id;
        var second = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Group = "g" })).Id;
        var behind = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { After = [first] })).Id;

        await queue.Client.SetAsync(Of("c", "2") with { Queue = "elsewhere" });

        Assert.Equal([first, second], (await worker.ClaimAsync(5)).Order());
        await worker.FinishAsync(first);
        Assert.Equal([behind], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task Sixteen_writers_of_a_hundred_client_ids_leave_one_task_each_while_tasks_finish()
    {
        await using var queue = await TestQueue.CreateAsync();
        const int Writers = 16, Adds = 625, Ids = 100;
        using var stop = new CancellationTokenSource();
        var checks = 0;

        // Finishes what there is, as fast as it can, some of it badly; and counts the rows of each id meanwhile.
        var working = Task.Run(async () =>
        {
            await using var worker = await SqlWorker.JoinAsync(queue);
            while (!stop.IsCancellationRequested)
            {
                foreach (var id in await worker.ClaimAsync(8))
                {
                    await worker.FinishAsync(id, id % 5 == 0 ? "failed" : "completed");
                }
            }
        });
        var checking = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Null(await queue.SqlAsync(
                    "select client_id from {schema}.tasks where client_id is not null group by client_id having count(*) > 1 limit 1"));
                checks++;
            }
        });
        var refused = 0;
        await Parallel.ForAsync(0, Writers, new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (writer, stopped) =>
        {
            await using var client = QueueClient.Create(queue.ConnectionString, queue.Schema);
            var chance = new Random(writer);
            for (var n = 0; n < Adds; n++)
            {
                var id = $"client {chance.Next(Ids)}";
                if (chance.Next(4) == 0)
                {
                    try
                    {
                        await client.AddAsync(Of(id, "add"), stopped);
                    }
                    catch (QueueException e) when (e.Error == QueueError.DuplicateClientId)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }
                else
                {
                    await client.SetAsync(Of(id, "set"), stopped);
                }
            }
        });
        await stop.CancelAsync();
        await working;
        await checking;

        Assert.Equal((long)Ids, await queue.SqlAsync("select count(distinct client_id) from {schema}.tasks where client_id is not null"));
        Assert.Equal((long)Ids, await queue.SqlAsync("select count(*) from {schema}.tasks where client_id is not null"));
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.client_key k left join {schema}.tasks t on t.id = k.task_id and t.client_id = k.client_id where t.id is null"));
        Assert.True(refused > 0 && checks > 10, $"{refused} refused, {checks} checks");
    }

    [Theory]
    [InlineData("dead", "a queue can't be its own dead-letter queue")]
    [InlineData(null, "it would expire before it could run")]
    public async Task A_change_that_contradicts_what_a_task_has_is_refused_whole(string? queueName, string why)
    {
        await using var queue = await TestQueue.CreateAsync();
        var good = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { DeadLetterQueue = "dead", ExpireAfter = TimeSpan.FromHours(1) })).Id;

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.ChangeAsync(
            [good, id], queueName is null ? new TaskChange { Delay = TimeSpan.FromHours(2) } : new TaskChange { Queue = queueName }));

        Assert.Equal((QueueError.InvalidArgument, $"Task {id}: {why}."), (error.Error, error.Message));
        Assert.Equal((TaskState.Ready, "default"), ((await queue.TaskAsync(good)).State, (await queue.TaskAsync(good)).Queue));
    }

    [Fact]
    public async Task Waiting_tasks_are_changed_by_their_ids_and_others_are_left_alone()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var ids = (await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("echo", "1") with { Tags = ["a"], Timeout = TimeSpan.FromMinutes(1) }, 3)], null)).Select(a => a.Id).ToArray();
        Assert.Equal([ids[0]], await worker.ClaimAsync(1));

        var changed = await queue.Client.ChangeAsync([.. ids, 4711], new TaskChange
        {
            Queue = "other",
            Priority = 75,
            Delay = TimeSpan.FromHours(1),
            Args = ["2"],
            Clear = [nameof(TaskChange.Tags), nameof(TaskChange.Timeout)],
        });

        Assert.Equal(ids[1..], changed.Order());
        var task = await queue.TaskAsync(ids[1]);
        Assert.Equal(("other", 75, TaskState.Scheduled, null), (task.Queue, task.Priority, task.State, task.Timeout));
        Assert.Empty(task.Tags);
        Assert.Contains("\"2\"", task.Spec, StringComparison.Ordinal);
        Assert.Equal("default", (await queue.TaskAsync(ids[0])).Queue);

        await queue.Client.ChangeAsync([ids[1]], new TaskChange { RunAt = DateTimeOffset.UnixEpoch });
        Assert.Equal([ids[1]], await worker.ClaimAsync(1));
    }

    [Fact]
    public async Task What_was_queued_behind_a_run_and_canceled_still_runs_after_it_once_it_is_set_again()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        const string Set = """select id from {schema}.set_tasks('[{"kind": "command", "spec": {"file": "true"}, "client_id": "c"}]')""";
        var running = (long)(await queue.SqlAsync(Set))!;
        Assert.Equal([running], await worker.ClaimAsync(5));
        var queued = (long)(await queue.SqlAsync(Set))!;
        await queue.Client.CancelAsync([queued]);

        Assert.Equal(queued, await queue.SqlAsync(Set));

        Assert.Empty(await worker.ClaimAsync(5));
        await worker.FinishAsync(running);
        Assert.Equal([queued], await worker.ClaimAsync(5));
    }

    [Fact]
    public async Task Arguments_are_taken_away_by_null()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (long)(await queue.SqlAsync("""select {schema}.add_task('command', spec => '{"file": "true", "args": ["a"], "params": {"p": 1}}')"""))!;

        Assert.Equal(id, await queue.SqlAsync("""select {schema}.change_tasks(array[$1], '{"args": null, "params": null}')""", id));

        Assert.Equal("""{"file": "true"}""", await queue.SqlAsync("select spec::text from {schema}.task"));
    }

    [Fact]
    public async Task Writers_of_the_same_ids_that_wait_for_others_never_lock_each_other_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        var awaited = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;

        // By SQL: the client tries again after a deadlock.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            for (var round = 0; round < 15; round++)
            {
                await queue.SqlAsync(
                    """
                    select count(*)
                    from {schema}.set_tasks((
                        select jsonb_agg(jsonb_build_object(
                            'kind', 'command', 'spec', '{"file": "true"}'::jsonb, 'client_id', 'c' || n, 'after', jsonb_build_array($1)))
                        from generate_series($2, $2 + 5) n))
                    """,
                    awaited, (writer + round) % 4);
            }
        }));

        Assert.Equal(9L, await queue.SqlAsync("select count(*) from {schema}.task where state = 'blocked'"));
    }
}
