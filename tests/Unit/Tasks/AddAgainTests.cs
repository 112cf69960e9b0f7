using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>Adding over a connection that breaks in the middle of the commit.</summary>
public sealed class AddAgainTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tasks_with_client_ids_are_added_once_whether_the_commit_was_done_or_not(bool delivers)
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var line = new LossyLine(queue.ConnectionString, "commit", delivers);
        await using var client = QueueClient.Create(line.ConnectionString, queue.Schema);

        var added = await client.AddAsync([One("a"), One("b") with { DedupeKey = "k" }], new() { Queue = "q" });

        Assert.True(line.HasBroken);
        Assert.Equal(added.Select(t => t.Id), (await queue.TasksAsync()).OrderBy(t => t.Id).Select(t => t.Id));
    }

    [Fact]
    public async Task A_client_id_of_somebody_elses_is_refused_as_ever_and_nothing_is_added()
    {
        await using var queue = await TestQueue.CreateAsync();
        var theirs = (await queue.Client.AddAsync(One("b"))).Id;
        await using var line = new LossyLine(queue.ConnectionString, "add_tasks", delivers: true);
        await using var client = QueueClient.Create(line.ConnectionString, queue.Schema);

        var error = await Assert.ThrowsAsync<QueueException>(() => client.AddAsync([One("a"), One("b")], null));

        Assert.Equal((QueueError.DuplicateClientId, theirs), (error.Error, error.TaskId));
        Assert.Equal(theirs, Assert.Single(await queue.TasksAsync()).Id);
    }

    [Fact]
    public async Task Without_client_ids_the_error_says_that_nobody_knows_and_what_to_do()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var line = new LossyLine(queue.ConnectionString, "add_tasks", delivers: true);
        await using var client = QueueClient.Create(line.ConnectionString, queue.Schema);

        var error = await Assert.ThrowsAsync<QueueException>(() => client.AddAsync([One("a"), NewTask.ForCommand("true")], null));

        Assert.Equal(QueueError.ConnectionLost, error.Error);
        Assert.Contains("may or may not have been done", error.Message, StringComparison.Ordinal);
        Assert.Contains("-ClientId", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_producer_with_client_ids_goes_on_over_a_restart_of_the_server_and_adds_each_task_once()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        await using var client = QueueClient.Create((await server.StartAsync()).ConnectionString!);
        await client.InstallSchemaAsync();
        using var enough = new CancellationTokenSource();
        var added = 0;
        var producing = ProduceAsync();
        await Until.TrueAsync(() => Task.FromResult(Volatile.Read(ref added) > 20));

        await server.StopAsync(ServerStopMode.Immediate);
        await Task.WhenAny(producing, Task.Delay(TimeSpan.FromSeconds(3)));
        await server.StartAsync();
        var before = Volatile.Read(ref added);
        await Until.TrueAsync(() => Task.FromResult(Volatile.Read(ref added) > before + 20));
        await enough.CancelAsync();
        await producing;

        Assert.Equal(added, await client.CountAsync(new()));

        async Task ProduceAsync()
        {
            while (!enough.IsCancellationRequested)
            {
                await client.AddAsync(One($"{added}"));
                Volatile.Write(ref added, added + 1);
            }
        }
    }

    private static NewTask One(string clientId) => NewTask.ForCommand("true") with { ClientId = clientId };
}
