using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>Workers that stand still: suspended by Ctrl+Z, on a machine that is paused, in a debugger.</summary>
public sealed class FrozenWorkerTests
{
    [Fact]
    public async Task While_the_maintainer_is_frozen_another_does_its_duties()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var maintainer = await HostProcess.WorkerAsync(queue, "--name", "frozen", "--queue", "none");
        await using var victim = await HostProcess.WorkerAsync(queue, "--name", "victim");
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "300"))).Id;
        await Until.TrueAsync(async () => (await queue.TaskAsync(id)).Worker == "victim");
        await using var heir = await HostProcess.WorkerAsync(queue, "--name", "heir");

        maintainer.Freeze();
        victim.Kill();

        await Until.TrueAsync(async () => (await queue.TaskAsync(id)).Worker == "heir", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_worker_that_is_frozen_past_its_lease_loses_its_tasks_and_its_late_answer_is_refused()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var frozen = await HostProcess.WorkerAsync(queue, "--name", "frozen");
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "3"))).Id;
        await Until.TrueAsync(async () => (await queue.TaskAsync(id)).State == TaskState.Running);

        frozen.Freeze();
        await Until.TrueAsync(async () => await queue.SqlAsync("select tasks from {schema}.recover_workers('0', lease => '0') where tasks is not null") is 1);
        await using var heir = await HostProcess.WorkerAsync(queue, "--name", "heir");
        await Until.TrueAsync(async () => (await queue.TaskAsync(id)).State == TaskState.Completed);
        frozen.Thaw();
        await Until.TrueAsync(() => Task.FromResult(frozen.Output.Contains("given up for dead", StringComparison.Ordinal)));

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Completed, "heir", 2, 1), (task.State, task.Worker, task.Run, task.Lost));
        Assert.Equal(1L, await queue.SqlAsync("select count(*) from {schema}.history"));
    }
}
