using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>Tasks so short that the worker claims the next ones before it has a place for them.</summary>
public sealed class ClaimAheadTests
{
    [Fact]
    public async Task What_was_claimed_ahead_goes_to_another_worker_when_its_place_is_taken_for_long()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), 100)], null);
        using var stop = new CancellationTokenSource();
        var busy = new Worker(queue.ConnectionString, queue.Schema, new() { Concurrency = 1, Name = "busy" }).RunAsync(stop.Token);
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Completed] }) > 50);
        var endless = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "600") with { Priority = TaskPriority.Critical })).Id;
        await Until.TrueAsync(async () => (await queue.TaskAsync(endless)).State == TaskState.Running);
        var behind = (await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), 20)], null)).Select(t => t.Id).ToList();

        using var stopHelper = new CancellationTokenSource();
        var helper = new Worker(queue.ConnectionString, queue.Schema, new() { Concurrency = 1, Name = "helper" }).RunAsync(stopHelper.Token);
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Completed] }) == 120);

        Assert.Equal(TaskState.Running, (await queue.TaskAsync(endless)).State);
        var tasks = (await queue.TasksAsync()).Where(t => t.Id != endless);
        Assert.All(tasks, t => Assert.Equal((TaskEnd.Success, 1, 0), (t.Ended, t.Attempt, t.Lost)));
        Assert.All(tasks.Where(t => behind.Contains(t.Id)), t => Assert.Equal("helper", t.Worker));
        await stopHelper.CancelAsync();
        await helper;
        await queue.Client.CancelAsync([endless], null);
        await stop.CancelAsync();
        Assert.Equal(0, (await busy).Released);
    }

    [Fact]
    public async Task A_worker_that_is_told_to_stop_gives_back_at_once_what_waits_for_a_place()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), 2000)], null);
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema, new() { Concurrency = 2 }).RunAsync(stop.Token);
        await Until.TrueAsync(async () => await queue.Client.CountAsync(new() { States = [TaskState.Completed] }) > 100);

        await stop.CancelAsync();
        var summary = await working;

        var tasks = await queue.TasksAsync();
        Assert.Equal(summary.Completed, tasks.Count(t => t.State == TaskState.Completed));
        Assert.Equal(2000 - summary.Completed, tasks.Count(t => (t.State, t.Attempt) == (TaskState.Ready, 0)));
    }

    [Fact]
    public async Task No_more_run_at_once_than_there_are_places()
    {
        await using var queue = await TestQueue.CreateAsync();
        using var folder = new TemporaryFolder();
        var script = $"mkdir {folder.Path}/$$; ls {folder.Path} | wc -l; rmdir {folder.Path}/$$";
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("sh", "-c", script), 150)], null);

        await queue.DrainAsync(new() { Concurrency = 3 });

        var most = 0;
        foreach (var task in await queue.TasksAsync())
        {
            most = Math.Max(most, int.Parse((await queue.OutputAsync(task.Id))[0].Text!, System.Globalization.CultureInfo.InvariantCulture));
        }

        Assert.InRange(most, 1, 3);
    }
}
