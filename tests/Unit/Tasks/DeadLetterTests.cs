using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>What becomes of tasks that failed for good, or came too late.</summary>
public sealed class DeadLetterTests
{
    [Fact]
    public async Task A_task_that_failed_for_good_leaves_a_dead_letter_and_redrive_brings_it_back()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("work", new QueueSettings { DeadLetterQueue = "dead" });
        var failed = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "exit 3") with { Queue = "work", MaxAttempts = 2, Name = "n", Priority = 75, ClientId = "c" });
        Assert.Equal((TaskState.Failed, 2), (failed.State, failed.Attempt));

        var letter = Assert.Single(await queue.TasksAsync(new() { Queues = ["dead"] }));
        Assert.Equal((TaskState.Ready, "n", 75, 0), (letter.State, letter.Name, letter.Priority, letter.Attempt));
        Assert.Equal(failed.Spec, letter.Spec);
        Assert.Equal(failed.Id, await queue.SqlAsync("select dead_letter_of from {schema}.tasks where id = $1", letter.Id));
        Assert.Equal(letter.Id, await queue.SqlAsync("select dead_letter_id from {schema}.tasks where id = $1", failed.Id));
        Assert.True(Assert.Single(await queue.Client.GetQueuesAsync(["dead"])).Paused);

        Assert.Equal([new(letter.Id, failed.Id)], await queue.Client.RestartAsync([letter.Id]));

        var back = Assert.Single(await queue.TasksAsync());
        Assert.Equal((failed.Id, "work", TaskState.Ready, 0, "c"), (back.Id, back.Queue, back.State, back.Attempt, back.ClientId));
    }

    [Fact]
    public async Task A_failed_task_that_is_restarted_itself_takes_its_letter_with_it()
    {
        await using var queue = await TestQueue.CreateAsync();
        var failed = await queue.RunAsync(NewTask.ForCommand("false") with { DeadLetterQueue = "dead" });

        Assert.Equal([new(failed.Id, failed.Id)], await queue.Client.RestartAsync([failed.Id]));

        Assert.Equal(failed.Id, Assert.Single(await queue.TasksAsync()).Id);
    }

    [Fact]
    public async Task A_letter_whose_task_was_cleared_goes_back_in_its_place()
    {
        await using var queue = await TestQueue.CreateAsync();
        var failed = await queue.RunAsync(NewTask.ForCommand("false") with { Queue = "work", DeadLetterQueue = "dead" });
        await queue.Client.RemoveAsync([failed.Id]);
        var letter = Assert.Single(await queue.TasksAsync());

        Assert.Equal([new(letter.Id, letter.Id)], await queue.Client.RestartAsync([letter.Id]));

        var back = Assert.Single(await queue.TasksAsync());
        Assert.Equal(("work", TaskState.Ready), (back.Queue, back.State));
    }

    [Fact]
    public async Task A_failed_and_kept_task_frees_its_dedupe_key()
    {
        await using var queue = await TestQueue.CreateAsync();
        var failed = await queue.RunAsync(NewTask.ForCommand("false") with { DedupeKey = "k" });

        var next = await queue.Client.AddAsync(NewTask.ForCommand("true") with { DedupeKey = "k" });

        Assert.Equal((TaskState.Failed, false), (failed.State, next.Existing));
        Assert.Empty(await queue.Client.RestartAsync([failed.Id]));
    }

    [Fact]
    public async Task What_has_not_started_when_it_expires_ends_canceled_and_is_never_claimed()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { ExpireAfter = TimeSpan.FromMilliseconds(1) })).Id;
        var later = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { ExpireAfter = TimeSpan.FromHours(1) })).Id;
        await Until.TrueAsync(async () => await queue.SqlAsync("select expires_at < clock_timestamp() from {schema}.task where id = $1", id) is true);

        Assert.Equal([later], await worker.ClaimAsync(5));
        Assert.Equal(1, await queue.SqlAsync("select {schema}.expire_tasks()"));

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Canceled, TaskEnd.Expired), (task.State, task.Ended));
        Assert.StartsWith("It could not start before it expired at ", task.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*.IOException", null, false)]
    [InlineData("Timeout,3", null, true)]
    [InlineData(null, "3", false)]
    [InlineData("ExitCode", "4*", true)]
    [InlineData("3", "3", false)]
    public async Task Only_errors_of_the_kind_that_was_named_are_tried_again(string? on, string? not, bool again)
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "exit 3") with
        {
            MaxAttempts = 2,
            Retry = new RetryPolicy { RetryOn = on?.Split(','), NoRetryOn = not?.Split(',') },
        });

        Assert.Equal(again ? 2 : 1, task.Attempt);
    }

    [Fact]
    public async Task A_letter_whose_failed_task_may_not_come_back_stays_where_it_is()
    {
        await using var queue = await TestQueue.CreateAsync();
        var failed = await queue.RunAsync(NewTask.ForCommand("false") with { DeadLetterQueue = "dead", DedupeKey = "once" });
        await queue.Client.AddAsync(NewTask.ForCommand("true") with { DedupeKey = "once" });
        var letter = Assert.Single(await queue.TasksAsync(new() { Queues = ["dead"] }));

        Assert.Empty(await queue.Client.RestartAsync([letter.Id]));

        Assert.Equal(letter.Id, Assert.Single(await queue.TasksAsync(new() { Queues = ["dead"] })).Id);
        Assert.Equal(TaskState.Failed, (await queue.TaskAsync(failed.Id)).State);
    }

    [Fact]
    public async Task Failed_tasks_and_their_letters_are_restarted_at_once_without_locking_each_other_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        for (var round = 0; round < 10; round++)
        {
            await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true") with { DeadLetterQueue = "dead" }, 200)], null);
            var ids = await worker.ClaimAsync(200);
            await queue.SqlAsync(
                """
                select count(*)
                from {schema}.finish_tasks(
                    $1, $2, array_fill(1, array[200]), array_fill('failed'::{schema}.task_state, array[200]),
                    array_fill('error'::{schema}.task_end, array[200]), null, null, null, null, null, null, null)
                """,
                worker.Id, ids.ToArray());

            // By SQL: the client tries again after a deadlock.
            await Task.WhenAll(
                queue.SqlAsync("select count(*) from {schema}.restart_tasks($1)", ids.ToArray()),
                queue.SqlAsync("select count(*) from {schema}.restart_tasks(array(select id from {schema}.task where dead_letter_of = any ($1)))", ids.ToArray()));

            Assert.Equal(200L, await queue.SqlAsync("select count(*) from {schema}.task where dead_letter_of is null"));
            Assert.Equal(200L, await queue.SqlAsync("select count(*) from {schema}.task"));
            await queue.SqlAsync("select count(*) from {schema}.remove_tasks(array(select id from {schema}.task))");
        }
    }

    [Theory]
    [InlineData(true, TaskState.Ready)]
    [InlineData(false, TaskState.Canceled)]
    public async Task What_waited_for_a_letter_that_its_failed_task_took_along_waits_no_longer(bool anyEnd, TaskState state)
    {
        await using var queue = await TestQueue.CreateAsync();
        var failed = await queue.RunAsync(NewTask.ForCommand("false") with { DeadLetterQueue = "dead" });
        var letter = Assert.Single(await queue.TasksAsync(new() { Queues = ["dead"] })).Id;
        var waiting = await queue.Client.AddAsync(anyEnd
            ? NewTask.ForCommand("true") with { AfterAny = [letter] }
            : NewTask.ForCommand("true") with { After = [letter] });

        await queue.Client.RestartAsync([failed.Id]);

        Assert.Equal(state, (await queue.TaskAsync(waiting.Id)).State);
    }

    [Fact]
    public async Task Twenty_thousand_tasks_are_restarted_in_seconds()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), 20000)], null);
        await queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array(select id from {schema}.task))");

        // It took minutes when each was compared with each; the command's own limit is half a minute.
        Assert.Equal(20000L, await queue.SqlAsync("select count(*) from {schema}.restart_tasks(array(select id from {schema}.history))"));
    }
}
