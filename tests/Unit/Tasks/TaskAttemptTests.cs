using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class TaskAttemptTests
{
    [Fact]
    public async Task Every_run_is_kept_with_how_it_ended()
    {
        await using var queue = await TestQueue.CreateAsync();
        var task = await queue.RunAsync(
            NewTask.ForCommand("sh", "-c", "exit 3") with { MaxAttempts = 2 }, new() { Name = "w1" });
        await queue.Client.RestartAsync([task.Id]);
        await queue.DrainAsync(new() { Name = "w2" });

        var runs = await AttemptsAsync(queue, task.Id);

        Assert.Equal([1, 2, 3, 4], runs.Select(r => r.Run));
        Assert.Equal([1, 2, 1, 2], runs.Select(r => r.Attempt));
        Assert.Equal(["w1", "w1", "w2", "w2"], runs.Select(r => r.Worker));
        Assert.All(runs, r =>
        {
            Assert.Equal((task.Id, TaskEnd.ExitCode, 3), (r.TaskId, r.Ended!.Value, r.ExitCode!.Value));
            Assert.Contains("exit code 3", r.Error!.Message, StringComparison.OrdinalIgnoreCase);
            Assert.True(r.Duration > TimeSpan.Zero && r.StartedAt <= r.FinishedAt);
        });
        Assert.Equal(runs.OrderBy(r => r.StartedAt), runs);
    }

    [Fact]
    public async Task A_lost_run_and_the_one_that_goes_on_are_told_apart()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Name = "a task" })).Id;
        await ClaimAsync(1);
        await queue.SqlAsync("select {schema}.free_tasks(1, true)");
        await ClaimAsync(2);

        var runs = await AttemptsAsync(queue, id);

        Assert.Equal([(1, 1, TaskEnd.Lost, "w1"), (2, 1, null, "w2")], runs.Select(r => (r.Run, r.Attempt, r.Ended, r.Worker)));
        Assert.NotNull(runs[0].FinishedAt);
        Assert.Equal((null, null, null), (runs[1].FinishedAt, runs[1].Duration, runs[1].Error));

        async Task ClaimAsync(int worker)
        {
            await queue.SqlAsync(
                "insert into {schema}.worker (id, name, host, process_id, version, concurrency) overriding system value values ($1, 'w' || $1, 'h', 1, '1', 1)",
                worker);
            await queue.SqlAsync("update {schema}.task set state = 'running', worker_id = $1, started_at = clock_timestamp(), run = run + 1, attempt = attempt + 1", worker);
        }
    }

    [Fact]
    public async Task A_task_that_never_ran_has_none_and_the_others_come_in_the_order_asked_for()
    {
        await using var queue = await TestQueue.CreateAsync();
        var first = await queue.RunAsync(NewTask.ForCommand("true"));
        var second = await queue.RunAsync(NewTask.ForCommand("false"));
        var canceled = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await queue.Client.CancelAsync([canceled]);

        var runs = await AttemptsAsync(queue, second.Id, canceled, first.Id, 999_999);

        Assert.Equal([(second.Id, TaskEnd.ExitCode), (first.Id, TaskEnd.Success)], runs.Select(r => (r.TaskId, r.Ended!.Value)));
    }

    private static async Task<List<TaskAttempt>> AttemptsAsync(TestQueue queue, params long[] ids)
    {
        var runs = new List<TaskAttempt>();
        await foreach (var run in queue.Client.GetAttemptsAsync(ids))
        {
            runs.Add(run);
        }

        return runs;
    }
}
