using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>Many plain tasks go another way into the table than few: what arrives must be the same.</summary>
public sealed class BulkAddTests
{
    private const int Many = 300;

    [Fact]
    public async Task Many_tasks_arrive_as_one_by_one_they_would()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.SetQueueAsync("full", new()
        {
            DefaultTimeout = TimeSpan.FromMinutes(7),
            DefaultMaxAttempts = 4,
            DefaultRetry = new RetryPolicy { Delay = TimeSpan.FromSeconds(9), Backoff = Backoff.Exponential },
            DeadLetterQueue = "morgue",
        });
        var common = new NewTask { Kind = TaskKind.Script, Script = "param($n) $n", Queue = "full", Tags = ["all"], MemoryLimit = 1 << 30, ProcessLimit = 40, MaxLost = 1 };
        NewTask[] kinds =
        [
            new() { Spec = new JsonObject { ["args"] = new JsonArray(1, "ü\"\\\n\u2028€") } },
            new() { Name = "named", Priority = 90, Tags = ["own", "two"] },
            NewTask.ForCommand("true", "a b"),
            new(),
        ];

        foreach (var shared in new[] { common, common with { Timeout = TimeSpan.FromSeconds(61.5), MaxAttempts = 2, Retry = new RetryPolicy(), Name = "all", Priority = 10 } })
        {
            var few = await AddAsync(kinds, shared);
            var many = await AddAsync([.. Enumerable.Range(0, Many).Select(n => kinds[n % kinds.Length])], shared);
            for (var n = 0; n < Many; n++)
            {
                Assert.Equal(few[n % kinds.Length], many[n]);
            }
        }

        async Task<List<string>> AddAsync(NewTask[] tasks, NewTask shared)
        {
            var added = await queue.Client.AddAsync(tasks, shared);
            Assert.Equal(added.Select(a => a.Id).Order(), added.Select(a => a.Id));
            var rows = new List<string>();
            foreach (var task in added)
            {
                rows.Add((string)(await queue.SqlAsync("select (to_jsonb(t) - '{id,created_at,run_at}'::text[])::text from {schema}.task t where id = $1 and run_at = created_at", task.Id))!);
            }

            return rows;
        }
    }

    [Fact]
    public async Task A_new_queue_is_made_and_its_tasks_run()
    {
        await using var queue = await TestQueue.CreateAsync();

        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForHandler("nothing") with { Queue = "fresh" }, Many)], null);
        var summary = await queue.DrainAsync(new() { Concurrency = 50, Handlers = new Dictionary<string, TaskHandler> { ["nothing"] = (_, _) => Task.FromResult<JsonNode?>(null) } });

        Assert.Equal(Many, summary.Completed);
        Assert.All(await queue.TasksAsync(), task => Assert.Equal("fresh", task.Queue));
    }

    [Fact]
    public async Task All_are_added_or_none()
    {
        await using var queue = await TestQueue.CreateAsync();
        var tasks = Enumerable.Repeat(NewTask.ForCommand("true"), Many).ToList();

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync(
            [.. tasks, NewTask.ForCommand("true") with { Spec = new JsonObject { ["file"] = "\0" } }], null));
        await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync([.. tasks, new NewTask()], null));

        Assert.Equal(QueueError.InvalidArgument, error.Error);
        Assert.Equal(0, await queue.Client.CountAsync(new()));
    }

    [Fact]
    public async Task In_a_transaction_they_are_there_from_the_commit_on()
    {
        await using var queue = await TestQueue.CreateAsync();
        var tasks = Enumerable.Repeat(NewTask.ForCommand("true"), Many).ToList();

        await using (var undone = await queue.Client.BeginAsync())
        {
            await undone.Queue.AddAsync(tasks, null);
            Assert.Equal(Many, await undone.Queue.CountAsync(new()));
        }

        Assert.Equal(0, await queue.Client.CountAsync(new()));
    }
}
