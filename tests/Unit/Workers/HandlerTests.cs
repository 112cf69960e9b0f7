using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>Tasks that a worker runs in its own process.</summary>
public sealed class HandlerTests
{
    [Fact]
    public async Task A_handler_gets_its_arguments_and_its_result_or_error_is_kept()
    {
        await using var queue = await TestQueue.CreateAsync();
        var options = new WorkerOptions
        {
            Handlers = new Dictionary<string, TaskHandler>
            {
                ["double"] = (task, _) => Task.FromResult<System.Text.Json.Nodes.JsonNode?>(task.Spec.GetProperty("args")[0].GetInt32() * 2),
                ["fail"] = (_, _) => throw new InvalidOperationException("no"),
            },
        };

        var good = await queue.RunAsync(NewTask.ForHandler("double", 21), options);
        var bad = await queue.RunAsync(NewTask.ForHandler("fail"), options);

        Assert.Equal((TaskState.Completed, "42"), (good.State, good.Result));
        Assert.Equal((TaskState.Failed, "no", "System.InvalidOperationException"), (bad.State, bad.Error!.Message, bad.Error.Type));
    }

    [Fact]
    public async Task A_handler_that_blocks_keeps_no_other_from_running()
    {
        await using var queue = await TestQueue.CreateAsync();
        using var both = new Barrier(2);
        var options = new WorkerOptions
        {
            Concurrency = 2,
            Handlers = new Dictionary<string, TaskHandler>
            {
                ["meet"] = (_, token) => both.SignalAndWait(TimeSpan.FromSeconds(20), token) ? Task.FromResult<System.Text.Json.Nodes.JsonNode?>(null) : throw new TimeoutException(),
            },
        };

        await queue.Client.AddAsync([NewTask.ForHandler("meet"), NewTask.ForHandler("meet")], null);

        Assert.Equal(2, (await queue.DrainAsync(options)).Completed);
    }

    [Fact]
    public async Task A_handler_that_does_not_heed_its_time_limit_is_given_up()
    {
        await using var queue = await TestQueue.CreateAsync();
        var heeded = new TaskCompletionSource();
        var ever = new TaskCompletionSource<System.Text.Json.Nodes.JsonNode?>();

        var task = await queue.RunAsync(NewTask.ForHandler("hang") with { Timeout = TimeSpan.FromMilliseconds(200) }, new WorkerOptions
        {
            CancelGrace = TimeSpan.FromMilliseconds(100),
            Handlers = new Dictionary<string, TaskHandler>
            {
                ["hang"] = (_, stop) =>
                {
                    stop.Register(heeded.SetResult);
                    return ever.Task;
                },
            },
        });

        Assert.Equal((TaskState.Failed, TaskEnd.Timeout), (task.State, task.Ended));
        Assert.True(heeded.Task.IsCompleted);
    }

    [Fact]
    public async Task A_handler_that_the_worker_does_not_have_fails_its_task()
    {
        await using var queue = await TestQueue.CreateAsync();

        var task = await queue.RunAsync(NewTask.ForHandler("nobody"));

        Assert.Equal((TaskState.Failed, "This worker has no handler 'nobody', and the task names no assembly."), (task.State, task.Error!.Message));
    }
}
