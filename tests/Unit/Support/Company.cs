using Xunit;

namespace PgQueue.Unit;

/// <summary>
/// A worker that runs a harmless task beside the one that is tried, and another one after it: whatever that does, they
/// complete, and the worker lives.
/// </summary>
internal static class Company
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    /// <summary>Runs the task to its end.</summary>
    /// <param name="queue">Where.</param>
    /// <param name="task">The task that is tried.</param>
    /// <param name="options">How the worker works.</param>
    /// <param name="untilThen">What must have come true before the harmless one is let finish.</param>
    public static async Task<QueueTask> RunBesideAsync(
        this TestQueue queue, NewTask task, WorkerOptions? options = null, Func<Task>? untilThen = null)
    {
        using var folder = new TemporaryFolder();
        var go = Path.Combine(folder.Path, "go");
        var harmless = NewTask.ForCommand("sh", "-c", $"until [ -e '{go}' ]; do sleep 0.1; done; echo unharmed");
        using var stop = new CancellationTokenSource();
        var working = new Worker(queue.ConnectionString, queue.Schema, (options ?? new()) with { Concurrency = 2 }).RunAsync(stop.Token);
        var beside = (await queue.Client.AddAsync(harmless)).Id;
        await Until.TrueAsync(async () => working.IsCompleted || (await queue.TaskAsync(beside)).State == TaskState.Running);

        var id = (await queue.Client.AddAsync(task)).Id;
        await queue.Client.WaitAsync([id], timeout: s_longest);
        await (untilThen?.Invoke() ?? Task.CompletedTask);
        await File.WriteAllTextAsync(go, "");
        var after = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        await queue.Client.WaitAsync([beside, after], timeout: s_longest);

        await stop.CancelAsync();
        await working.WaitAsync(s_longest);
        Assert.Equal((TaskState.Completed, 1), ((await queue.TaskAsync(beside)).State, (await queue.TaskAsync(beside)).Run));
        Assert.Equal(["unharmed"], (await queue.OutputAsync(beside)).Select(o => o.Text));
        Assert.Equal(TaskState.Completed, (await queue.TaskAsync(after)).State);
        return await queue.TaskAsync(id);
    }
}
