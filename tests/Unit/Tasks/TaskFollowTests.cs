using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class TaskFollowTests
{
    [Fact]
    public async Task Tasks_are_followed_from_their_wait_through_every_run_to_their_end()
    {
        await using var queue = await TestQueue.CreateAsync();
        var twice = (await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", "echo one; echo two; exit 1") with { MaxAttempts = 2 })).Id;
        var once = (await queue.Client.AddAsync(NewTask.ForCommand("echo", "once"))).Id;
        await using var steps = queue.Client.FollowAsync([twice, once, 999_999]).GetAsyncEnumerator();
        Assert.True(await steps.MoveNextAsync());
        Assert.Equal(2, steps.Current.Waiting);
        Assert.Equal([999_999L], steps.Current.Removed);

        var drained = queue.DrainAsync();
        var (output, finished) = (new List<TaskOutput>(), new List<QueueTask>());
        while (await steps.MoveNextAsync())
        {
            output.AddRange(steps.Current.Output);
            finished.AddRange(steps.Current.Finished);
        }

        await drained;
        Assert.Equal(
            [(1, "one"), (1, "two"), (2, "one"), (2, "two")],
            output.Where(o => o.TaskId == twice && o.Stream == TaskStream.Output).Select(o => (o.Run, o.Text)));
        Assert.Equal("once", Assert.Single(output, o => o.TaskId == once).Text);
        Assert.Equal([(twice, TaskState.Failed), (once, TaskState.Completed)], finished.OrderBy(t => t.Id).Select(t => (t.Id, t.State)));
    }

    [Fact]
    public async Task More_output_than_one_look_takes_comes_whole_and_in_order_before_the_end()
    {
        await using var queue = await TestQueue.CreateAsync();
        var task = await queue.RunAsync(NewTask.ForCommand("seq", "1", "3500"));

        var lines = new List<string?>();
        await foreach (var step in queue.Client.FollowAsync([task.Id]))
        {
            Assert.True(step.Finished.Count == 0 || lines.Count + step.Output.Count == 3500);
            lines.AddRange(step.Output.Select(o => o.Text));
        }

        Assert.Equal(Enumerable.Range(1, 3500).Select(n => $"{n}"), lines);
    }

    [Fact]
    public async Task Tasks_can_be_added_and_left_out_while_others_are_followed()
    {
        await using var queue = await TestQueue.CreateAsync();
        var first = (await queue.Client.AddAsync(NewTask.ForCommand("echo", "first") with { Delay = TimeSpan.FromHours(1) })).Id;
        await using var follower = queue.Client.Follow([first]);
        Assert.Equal(1, (await follower.NextAsync(default)).Waiting);

        var done = await queue.RunAsync(NewTask.ForCommand("echo", "second"));
        follower.Add([done.Id]);
        var step = await follower.NextAsync(default);
        Assert.Equal("second", Assert.Single(step.Output).Text);
        Assert.Equal(done.Id, Assert.Single(step.Finished).Id);
        Assert.Equal(1, step.Waiting);
        Assert.False(follower.IsDone);

        follower.Remove(first);
        Assert.True(follower.IsDone);
    }

    [Fact]
    public async Task Following_is_refused_inside_a_transaction()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var transaction = await queue.Client.BeginAsync();

        var error = await Assert.ThrowsAsync<QueueException>(async () => await transaction.Queue.FollowAsync([1]).FirstAsync());

        Assert.Equal(QueueError.NotInTransaction, error.Error);
    }
}
