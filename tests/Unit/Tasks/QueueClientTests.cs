using System.Text.Json.Nodes;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class QueueClientTests
{
    [Fact]
    public async Task A_task_is_read_back_as_it_was_added()
    {
        await using var queue = await TestQueue.CreateAsync();
        var runAt = DateTimeOffset.UtcNow.AddHours(1);

        var added = await queue.Client.AddAsync(NewTask.ForScript("param($n) $n", JsonValue.Create("ä\n☃")) with
        {
            Queue = "q 1",
            Priority = 7,
            Name = "the name",
            Tags = ["a", "b c"],
            Timeout = TimeSpan.FromSeconds(90),
            MemoryLimit = 1 << 20,
            ProcessLimit = 30,
            MaxAttempts = 4,
            RunAt = runAt,
            ClientId = "mine",
            DedupeKey = "only one",
        });

        var task = await queue.TaskAsync(added.Id);
        Assert.Equal((TaskState.Scheduled, TaskKind.Script, "q 1", 7, "the name"), (task.State, task.Kind, task.Queue, task.Priority, task.Name));
        Assert.Equal(["a", "b c"], task.Tags);
        Assert.Equal((TimeSpan.FromSeconds(90), 1 << 20, 30, 4, "mine", "only one"), (task.Timeout!.Value, task.MemoryLimit!.Value, task.ProcessLimit!.Value, task.MaxAttempts, task.ClientId, task.DedupeKey));
        Assert.Equal(runAt.UtcDateTime, task.RunAt.ToUniversalTime(), TimeSpan.FromMilliseconds(1));
        Assert.Equal("param($n) $n", task.Script);
        Assert.Equal("ä\n☃", JsonNode.Parse(task.Spec)!["args"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task A_long_delay_is_stored_to_the_microsecond()
    {
        await using var queue = await TestQueue.CreateAsync();
        var delay = TimeSpan.FromDays(400) + TimeSpan.FromMicroseconds(123_456);

        var id = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Delay = delay, Timeout = delay })).Id;

        var task = await queue.TaskAsync(id);
        Assert.Equal(delay, task.Timeout);
        Assert.Equal(delay, task.RunAt - task.CreatedAt);
    }

    [Fact]
    public async Task A_process_limit_goes_with_the_task_wherever_it_goes()
    {
        await using var queue = await TestQueue.CreateAsync();
        var failing = NewTask.ForCommand("false") with { ProcessLimit = 7, DeadLetterQueue = "dead" };

        var task = await queue.RunAsync(failing);
        var letter = await queue.TaskAsync(task.DeadLetterId!.Value);
        await queue.Client.RestartAsync([letter.Id]);
        var back = await queue.TaskAsync(task.Id);
        await queue.Client.ChangeAsync([task.Id], new() { ProcessLimit = 9 });
        var changed = await queue.TaskAsync(task.Id);
        await queue.Client.ChangeAsync([task.Id], new() { Clear = [nameof(TaskChange.ProcessLimit)] });
        var cleared = await queue.TaskAsync(task.Id);

        Assert.Equal([TaskState.Failed, TaskState.Ready, TaskState.Ready], new[] { task, letter, back }.Select(t => t.State));
        Assert.Equal([7, 7, 7, 9, null], new[] { task, letter, back, changed, cleared }.Select(t => t.ProcessLimit));
    }

    [Fact]
    public async Task Many_tasks_share_what_they_have_in_common_and_keep_their_order()
    {
        await using var queue = await TestQueue.CreateAsync();
        var tasks = Enumerable.Range(0, 12_000).Select(n => new NewTask { Spec = new JsonObject { ["args"] = new JsonArray(n) } }).ToList();

        var added = await queue.Client.AddAsync(tasks, new NewTask { Kind = TaskKind.Script, Script = "param($n)", Queue = "bulk", Priority = 3 });

        Assert.Equal(12_000, added.Select(a => a.Id).Distinct().Count());
        Assert.Equal(1L, await queue.SqlAsync("select count(*) from {schema}.script"));
        Assert.Equal(12_000, await queue.Client.CountAsync(new TaskQuery { Queues = ["bulk"] }));
        Assert.Equal("11999", JsonNode.Parse((await queue.TaskAsync(added[11_999].Id)).Spec)!["args"]![0]!.ToJsonString());
        Assert.Equal(added.Select(a => a.Id), added.Select(a => a.Id).Order());
    }

    [Fact]
    public async Task A_client_id_that_is_taken_is_refused_with_its_owner_and_nothing_is_added()
    {
        await using var queue = await TestQueue.CreateAsync();
        var first = await queue.Client.AddAsync(NewTask.ForCommand("true") with { ClientId = "one" });

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync(
            [NewTask.ForCommand("true"), NewTask.ForCommand("true") with { ClientId = "one" }], null));

        Assert.Equal((QueueError.DuplicateClientId, first.Id), (error.Error, error.TaskId));
        Assert.StartsWith($"The client id \"one\" is already used by task {first.Id}.", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, await queue.Client.CountAsync(new TaskQuery()));
    }

    [Fact]
    public async Task A_client_id_stays_taken_when_its_task_has_finished_and_is_free_when_it_is_cleared()
    {
        await using var queue = await TestQueue.CreateAsync();
        var task = NewTask.ForCommand("true") with { ClientId = "one" };
        var first = await queue.RunAsync(task);

        await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync(task));
        Assert.Equal(1, await queue.Client.ClearAsync(new TaskQuery { States = [TaskState.Completed] }));

        Assert.NotEqual(first.Id, (await queue.Client.AddAsync(task)).Id);
    }

    [Fact]
    public async Task A_dedupe_key_returns_the_unfinished_task_and_is_free_again_after_it()
    {
        await using var queue = await TestQueue.CreateAsync();
        var task = NewTask.ForCommand("false") with { DedupeKey = "key" };

        var added = await queue.Client.AddAsync([task, NewTask.ForCommand("true"), task], null);

        Assert.Equal([false, false, true], added.Select(a => a.Existing));
        Assert.Equal(added[0].Id, added[2].Id);
        await queue.DrainAsync();
        Assert.Equal(TaskState.Failed, (await queue.TaskAsync(added[0].Id)).State);
        Assert.False((await queue.Client.AddAsync(task)).Existing);
    }

    [Fact]
    public async Task Concurrent_adds_with_one_key_make_one_task()
    {
        await using var queue = await TestQueue.CreateAsync();
        var clients = Enumerable.Range(0, 8).Select(_ => QueueClient.Create(queue.ConnectionString, queue.Schema)).ToList();

        var added = await Task.WhenAll(Enumerable.Range(0, 400).Select(n =>
            clients[n % 8].AddAsync(NewTask.ForCommand("true") with { DedupeKey = $"key {n % 5}" })));

        Assert.Equal(5, added.Count(a => !a.Existing));
        Assert.Equal(5, added.Select(a => a.Id).Distinct().Count());
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_sql_caller_adds_in_his_own_transaction_and_what_is_rolled_back_was_never_there()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var connection = new NpgsqlConnection(queue.ConnectionString);
        await connection.OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await AddAsync("rolled back");
            await transaction.RollbackAsync();
        }

        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await AddAsync("committed");
            await transaction.CommitAsync();
        }

        Assert.Equal("committed", Assert.Single(await queue.TasksAsync()).Name);

        async Task AddAsync(string name)
        {
            var sql = $$"""select {{queue.Schema}}.add_task('command', spec => '{"file": "echo", "args": ["hello"]}', name => $1, delay => '1 hour')""";
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = name } } };
            await command.ExecuteScalarAsync();
        }
    }

    [Fact]
    public async Task A_sql_caller_is_told_of_a_setting_that_does_not_exist()
    {
        await using var queue = await TestQueue.CreateAsync();

        var error = await Assert.ThrowsAsync<PostgresException>(() => queue.SqlAsync("""select {schema}.add_tasks('[{"kind": "command", "prio": 1}]')"""));

        Assert.Equal("task 1: there is no setting \"prio\"", error.MessageText);
    }

    public static TheoryData<NewTask, string> BadTasks() => new()
    {
        { NewTask.ForCommand("true") with { Timeout = TimeSpan.FromSeconds(-1) }, "Timeout '-00:00:01' must be longer than zero." },
        { NewTask.ForCommand("true") with { Delay = TimeSpan.FromSeconds(-1) }, "Delay '-00:00:01' must not be negative." },
        { NewTask.ForCommand("true") with { Delay = TimeSpan.Zero, RunAt = DateTimeOffset.UnixEpoch }, "Delay '00:00:00' can't be given together with RunAt; give one of them." },
        { NewTask.ForCommand("true") with { MaxAttempts = 0 }, "MaxAttempts '0' must be at least 1." },
        { NewTask.ForCommand("true") with { MemoryLimit = 0 }, "MemoryLimit '0' must be over zero bytes." },
        { NewTask.ForCommand("true") with { ProcessLimit = 0 }, "ProcessLimit '0' must be at least 1." },
        { NewTask.ForCommand("true") with { Queue = "" }, "Queue '' must have 1 to 200 characters." },
        { NewTask.ForCommand("true") with { Retry = new() { Jitter = 2 } }, "Retry.Jitter '2' must be from 0 to 1." },
        { NewTask.ForCommand(""), "Spec.file '\"\"' is needed for a Command task." },
        { new NewTask { Kind = TaskKind.Script }, "Script '' is needed for a script task." },
        { new NewTask { Kind = TaskKind.Method, Spec = [] }, "Spec.method '' is needed for a Method task." },
    };

    [Theory]
    [MemberData(nameof(BadTasks), DisableDiscoveryEnumeration = true)]
    public async Task A_setting_out_of_range_is_refused_before_anything_is_written(NewTask task, string message)
    {
        await using var queue = await TestQueue.CreateAsync();

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync([NewTask.ForCommand("true"), task], null));

        Assert.Equal((QueueError.InvalidArgument, message), (error.Error, error.Message));
        Assert.Equal(0, await queue.Client.CountAsync(new TaskQuery()));
    }

    [Fact]
    public async Task A_query_filters_sorts_and_pages_in_the_database()
    {
        await using var queue = await TestQueue.CreateAsync();
        for (var n = 1; n <= 6; n++)
        {
            await queue.Client.AddAsync(NewTask.ForCommand(n % 2 == 0 ? "false" : "true") with
            {
                Name = $"Job_{n}%",
                Queue = n > 3 ? "late" : "early",
                Tags = n == 5 ? ["odd", "five"] : n % 2 == 1 ? ["odd"] : null,
            });
        }

        await queue.DrainAsync();

        Assert.Equal(["Job_2%", "Job_4%", "Job_6%"], await NamesAsync(new() { States = [TaskState.Failed], Ascending = true }));
        Assert.Equal(["Job_6%", "Job_5%", "Job_4%"], await NamesAsync(new() { Queues = ["l?te"] }));
        Assert.Equal(["Job_3%"], await NamesAsync(new() { Names = ["job_3*"] }));
        Assert.Equal([], await NamesAsync(new() { Names = ["jobX3*"] }));
        Assert.Equal(["Job_5%"], await NamesAsync(new() { Tags = ["five", "odd"] }));
        Assert.Equal(["Job_2%"], await NamesAsync(new() { ErrorText = "EXIT CODE", Queues = ["early"] }));
        Assert.Equal(["Job_5%", "Job_4%"], await NamesAsync(new() { Limit = 2, Offset = 1 }));
        Assert.Equal([], await NamesAsync(new() { FinishedFrom = DateTimeOffset.Now.AddMinutes(1) }));
        Assert.Equal(6, await queue.Client.CountAsync(new() { CreatedFrom = DateTimeOffset.Now.AddMinutes(-1) }));

        async Task<IEnumerable<string?>> NamesAsync(TaskQuery query) => (await queue.TasksAsync(query)).Select(t => t.Name);
    }

    [Fact]
    public async Task A_waiting_task_is_canceled_at_once_and_can_be_restarted()
    {
        await using var queue = await TestQueue.CreateAsync();
        var ready = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var later = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Delay = TimeSpan.FromHours(1) })).Id;

        var canceled = await queue.Client.CancelAsync([ready, later, 999_999], "not needed");

        Assert.Equal([ready, later], canceled.Select(c => c.Key).Order());
        var task = await queue.TaskAsync(later);
        Assert.Equal((TaskState.Canceled, TaskEnd.Canceled, "not needed"), (task.State, task.Ended, task.Error!.Message));
        Assert.Equal([new(later, later)], await queue.Client.RestartAsync([later, 999_999]));
        await queue.DrainAsync();
        Assert.Equal(TaskState.Completed, (await queue.TaskAsync(later)).State);
        Assert.Equal(TaskState.Canceled, (await queue.TaskAsync(ready)).State);
    }

    [Fact]
    public async Task A_restarted_task_keeps_its_id_and_its_history()
    {
        await using var queue = await TestQueue.CreateAsync();
        var file = Path.GetTempFileName();
        File.Delete(file);
        var failed = await queue.RunAsync(NewTask.ForCommand("ls", file));
        Assert.Equal(TaskState.Failed, failed.State);

        await File.WriteAllTextAsync(file, "");
        await queue.Client.RestartAsync([failed.Id]);
        await queue.DrainAsync();

        var task = await queue.TaskAsync(failed.Id);
        Assert.Equal((TaskState.Completed, 1, 2), (task.State, task.Attempt, task.Run));
        Assert.Equal("exit_code", await queue.SqlAsync("select past_runs -> 0 ->> 'ended' from {schema}.tasks where id = $1", failed.Id));
        File.Delete(file);
    }

    [Fact]
    public async Task A_removed_task_leaves_nothing_behind()
    {
        await using var queue = await TestQueue.CreateAsync();
        var task = await queue.RunAsync(NewTask.ForCommand("echo", "hello") with { ClientId = "x" });

        Assert.Equal([task.Id], await queue.Client.RemoveAsync([task.Id, 999_999]));

        Assert.Null(await queue.Client.GetAsync(task.Id));
        Assert.Equal(0L, await queue.SqlAsync("select (select count(*) from {schema}.task_output) + (select count(*) from {schema}.client_key)"));
    }

    [Fact]
    public async Task Waiting_ends_when_the_task_has_ended()
    {
        await using var queue = await TestQueue.CreateAsync();
        var first = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        var second = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Delay = TimeSpan.FromHours(1) })).Id;
        var any = queue.Client.WaitAsync([first, second], any: true);
        var both = queue.Client.WaitAsync([first, second]);

        await queue.DrainAsync();
        Assert.Equal([first], await any);
        Assert.False(both.IsCompleted);
        await queue.Client.CancelAsync([second]);

        Assert.Equal([first, second], (await both.WaitAsync(TimeSpan.FromSeconds(10))).Order());
        Assert.Empty(await queue.Client.WaitAsync([(await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id], timeout: TimeSpan.FromMilliseconds(50)));
        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.WaitAsync([999_999]));
        Assert.Equal((QueueError.TaskNotFound, "There is no task 999999 to wait for."), (error.Error, error.Message));
    }
}
