using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class RetryTests
{
    private const string SucceedsOnThird = "echo $PGQUEUE_TASK_ATTEMPT; [ $PGQUEUE_TASK_ATTEMPT -ge 3 ]";

    [Fact]
    public async Task A_task_that_succeeds_on_its_third_attempt_is_completed_and_keeps_its_past()
    {
        await using var queue = await TestQueue.CreateAsync();

        // The queue looks empty while the retry waits: a drain that ended there would leave the task behind.
        var task = await queue.RunAsync(NewTask.ForCommand("sh", "-c", SucceedsOnThird) with
        {
            Priority = 75,
            MaxAttempts = 5,
            Retry = new RetryPolicy { Delay = TimeSpan.FromMilliseconds(300) },
        });

        Assert.Equal((TaskState.Completed, 3, 3, 75), (task.State, task.Attempt, task.Run, task.Priority));
        Assert.Equal(2, await queue.SqlAsync("select jsonb_array_length(past_runs) from {schema}.tasks where id = $1", task.Id));
        var waited = await queue.SqlAsync(
            "select extract(epoch from (past_runs -> 1 ->> 'started_at')::timestamptz - (past_runs -> 0 ->> 'finished_at')::timestamptz)::float8 from {schema}.tasks where id = $1", task.Id);
        Assert.InRange((double)waited!, 0.3, 2);
        Assert.Equal("3", Assert.Single(await queue.OutputAsync(task.Id)).Text);
    }

    [Fact]
    public async Task Attempts_used_up_fail_the_task_with_the_last_error()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "exit 9") with { MaxAttempts = 2 });

        Assert.Equal((TaskState.Failed, 2, 9), (task.State, task.Attempt, task.ExitCode));
    }

    [Fact]
    public async Task A_retry_policy_that_can_not_be_read_fails_its_task_and_nothing_else()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (long)(await queue.SqlAsync("""select {schema}.add_task('command', spec => '{"file": "false"}', max_attempts => 3, retry => '{"delay": "soon"}')"""))!;

        await queue.DrainAsync();

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Failed, 1), (task.State, task.Attempt));
        Assert.StartsWith("The task's retry policy can't be read", task.Error!.Message, StringComparison.Ordinal);
    }
}
