using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>What is taken from workers that died or were cut off.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public async Task A_lost_run_and_a_task_lost_too_often_name_the_worker_that_died()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Name = "not a worker", MaxLost = 1 })).Id;

        await LoseAsync(queue);
        Assert.Equal("sql", await queue.SqlAsync("select past_runs -> 0 ->> 'worker' from {schema}.task where id = $1", id));

        await LoseAsync(queue);
        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Failed, TaskEnd.Lost, "sql"), (task.State, task.Ended, task.Worker));
        Assert.EndsWith("the last was sql.", task.Error!.Message, StringComparison.Ordinal);
    }

    /// <summary>A worker claims what is there, dies, and is noticed.</summary>
    private static async Task LoseAsync(TestQueue queue)
    {
        await using (var worker = await SqlWorker.JoinAsync(queue))
        {
            Assert.Single(await worker.ClaimAsync(1));
            await worker.DieAsync();
        }

        await Until.TrueAsync(async () => await queue.SqlAsync("select tasks from {schema}.recover_workers('0') where tasks is not null") is 1);
    }
}
