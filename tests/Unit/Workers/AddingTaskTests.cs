using System.Text.Json;
using System.Text.Json.Nodes;
using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class AddingTaskTests
{
    [Fact]
    public async Task A_task_adds_tasks_by_its_worker_and_they_run()
    {
        await using var queue = await TestQueue.CreateAsync();

        var first = await queue.RunAsync(Method("Chaining::Add", """[{"name": "a"}, {"name": "b", "dedupe_key": "k"}, {"name": "c", "dedupe_key": "k"}]""", """{"kind": "command", "spec": {"file": "true"}}"""));

        Assert.Equal(TaskState.Completed, first.State);
        using var answer = JsonDocument.Parse(JsonSerializer.Deserialize<string>(first.Result!)!);
        var rows = answer.RootElement.GetProperty("rows").EnumerateArray().Select(r => (r[0].GetInt64(), r[1].GetBoolean())).ToList();
        Assert.Equal((3, true, rows[1].Item1), (rows.Count, rows[2].Item2, rows[2].Item1));
        Assert.Equal((TaskState.Completed, "a"), ((await queue.TaskAsync(rows[0].Item1)).State, (await queue.TaskAsync(rows[0].Item1)).Name));
        Assert.Equal(3, await queue.Client.CountAsync(new() { States = [TaskState.Completed] }));
    }

    [Theory]
    [InlineData("""[{"client_id": "taken"}]""", "DuplicateClientId", "already used by task")]
    [InlineData("""[{"priority": "much"}]""", "InvalidArgument", "much")]
    [InlineData("""[{"colour": "red"}]""", "InvalidArgument", "colour")]
    [InlineData("""[{"name": "a\u0000"}]""", "InvalidArgument", "nicode")]
    [InlineData("{}", "InvalidArgument", "array")]
    public async Task What_the_database_refuses_comes_back_as_with_a_database_and_nothing_is_added(string tasks, string error, string named)
    {
        await using var queue = await TestQueue.CreateAsync();
        var taken = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { ClientId = "taken" })).Id;

        var task = await queue.RunAsync(Method("Chaining::Add", tasks, """{"kind": "command", "spec": {"file": "true"}}"""));

        using var answer = JsonDocument.Parse(JsonSerializer.Deserialize<string>(task.Result!)!);
        var told = answer.RootElement.GetProperty("error");
        Assert.Equal(error, told.GetProperty("error").GetString());
        Assert.Contains(named, told.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(error == "DuplicateClientId", told.TryGetProperty("taskId", out var id) && id.GetInt64() == taken);
        Assert.Equal(2, await queue.Client.CountAsync(new()));
    }

    [Fact]
    public async Task Many_tasks_are_added_from_many_children_at_once()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Range(0, 4).Select(_ => Method("Chaining::AddMany", 5, 2000))], null);

        await queue.DrainAsync(new() { Queues = ["default"], Concurrency = 4 });

        Assert.Equal(40_000, await queue.Client.CountAsync(new() { Queues = ["later"] }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_breaks_at_the_commit_adds_neither_twice_nor_nothing(bool delivers)
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var line = new LossyLine(queue.ConnectionString, "commit", delivers);
        await using var database = new QueueDatabase(line.ConnectionString, queue.Schema, 2);
        using var adder = new TaskAdder(database, new Outage(_ => { }, database));

        var added = await adder.AddAsync(new AddTasks { Id = 5, Tasks = Json("""[{"kind": "command", "spec": {"file": "true"}}]"""), Shared = Json("{}") }, CancellationToken.None);

        Assert.True(line.HasBroken);
        Assert.Equal((5, null), (added.Id, added.Error?.Message));
        var task = Assert.Single(await queue.TasksAsync());
        Assert.Equal($"[[{task.Id}, false]]", added.Rows);
    }

    [Fact]
    public async Task A_task_that_adds_while_the_database_is_away_is_answered_when_it_is_back()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        var connectionString = (await server.StartAsync()).ConnectionString!;
        await using var client = QueueClient.Create(connectionString);
        await client.InstallSchemaAsync();
        var go = Path.Combine(Directory.CreateTempSubdirectory("pgq-add-").FullName, "go");
        var id = (await client.AddAsync(Method("Chaining::AddWhenThereAsync", go, """[{"kind": "command", "spec": {"file": "true"}}]"""))).Id;
        var away = new TaskCompletionSource();
        var working = new Worker(connectionString, "pgqueue", new()
        {
            Mode = WorkerMode.Drain,
            OnEvent = e => _ = e is WorkerWarning && away.TrySetResult(),
        }).RunAsync();
        await Until.TrueAsync(async () => await client.CountAsync(new() { States = [TaskState.Running] }) == 1);

        await server.StopAsync(ServerStopMode.Immediate);
        await away.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await File.WriteAllTextAsync(go, "");
        await server.StartAsync();

        var summary = await working.WaitAsync(TimeSpan.FromSeconds(60));
        Directory.Delete(Path.GetDirectoryName(go)!, recursive: true);
        Assert.Equal((2, 0), (summary.Completed, summary.Failed));
        Assert.NotEqual(0, id);
    }

    private static JsonElement Json(string json) => JsonElement.Parse(json);

    private static NewTask Method(string method, params JsonNode?[] args) =>
        NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples." + method, args);
}
