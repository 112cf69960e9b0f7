using Npgsql;
using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class TransactionTests
{
    [Fact]
    public async Task What_is_committed_is_there_at_once_and_not_before()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var transaction = await queue.Client.BeginAsync();

        var first = await transaction.Queue.AddAsync(NewTask.ForCommand("true"));
        await transaction.Queue.AddAsync(NewTask.ForCommand("true"));
        Assert.Equal(2, await transaction.Queue.CountAsync(new()));
        Assert.Equal(0, await queue.Client.CountAsync(new()));

        await transaction.CommitAsync();

        Assert.Equal(QueueTransactionState.Committed, transaction.State);
        Assert.Equal(2, await queue.Client.CountAsync(new()));
        Assert.Equal(TaskState.Ready, (await queue.TaskAsync(first.Id)).State);
    }

    [Fact]
    public async Task What_is_rolled_back_or_left_was_never_there()
    {
        await using var queue = await TestQueue.CreateAsync();
        var kept = await queue.Client.AddAsync(NewTask.ForCommand("true") with { ClientId = "kept" });

        await using (var left = await queue.Client.BeginAsync())
        {
            await left.Queue.CancelAsync([kept.Id]);
            await left.Queue.AddAsync(NewTask.ForCommand("true") with { Queue = "new" });
            await left.Queue.RegisterScheduleAsync(new() { Name = "left", Cron = "0 0 * * *", Task = NewTask.ForCommand("true") });
        }

        await using var transaction = await queue.Client.BeginAsync();
        await transaction.Queue.RemoveAsync([kept.Id]);
        await transaction.RollbackAsync();

        Assert.Equal(QueueTransactionState.RolledBack, transaction.State);
        Assert.Equal(TaskState.Ready, Assert.Single(await queue.TasksAsync()).State);
        Assert.DoesNotContain("new", await queue.Client.GetQueueNamesAsync());
        Assert.Empty(await queue.Client.GetSchedulesAsync().ToListAsync());
    }

    [Fact]
    public async Task A_refused_call_leaves_the_others_as_they_are()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync(NewTask.ForCommand("true") with { ClientId = "one" });
        await using var transaction = await queue.Client.BeginAsync();
        await transaction.Queue.AddAsync(NewTask.ForCommand("true") with { Name = "before" });

        var error = await Assert.ThrowsAsync<QueueException>(() =>
            transaction.Queue.AddAsync([NewTask.ForCommand("true"), NewTask.ForCommand("true") with { ClientId = "one" }], null));
        using var canceled = new CancellationTokenSource();
        await canceled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transaction.Queue.CountAsync(new(), canceled.Token));

        Assert.Equal(QueueError.DuplicateClientId, error.Error);
        await transaction.Queue.AddAsync(NewTask.ForCommand("true") with { Name = "after" });
        await transaction.CommitAsync();
        Assert.Equal([null, "before", "after"], (await queue.TasksAsync()).Select(t => t.Name));
    }

    [Fact]
    public async Task A_query_can_be_read_while_its_tasks_are_changed()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Range(0, 100).Select(_ => NewTask.ForCommand("true"))], null);
        await using var transaction = await queue.Client.BeginAsync();

        var canceled = 0;
        await foreach (var task in transaction.Queue.QueryAsync(new()))
        {
            canceled += (await transaction.Queue.CancelAsync([task.Id])).Count;
        }

        await transaction.CommitAsync();
        Assert.Equal(100, canceled);
        Assert.Equal(100, await queue.Client.CountAsync(new() { States = [TaskState.Canceled] }));
    }

    [Fact]
    public async Task Calls_from_many_places_take_turns()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var transaction = await queue.Client.BeginAsync();

        await Task.WhenAll(Enumerable.Range(0, 50).Select<int, Task>(n => n % 5 == 0
            ? Assert.ThrowsAsync<QueueException>(() => transaction.Queue.AddAsync(new NewTask { Spec = [] }))
            : transaction.Queue.AddAsync(NewTask.ForCommand("true"))));
        await transaction.CommitAsync();

        Assert.Equal(40, await queue.Client.CountAsync(new()));
    }

    [Fact]
    public async Task A_transaction_whose_session_is_ended_by_the_server_says_so_and_nothing_of_it_is_there()
    {
        await using var queue = await TestQueue.CreateAsync();
        foreach (var commits in new[] { false, true })
        {
            await using var transaction = await queue.Client.BeginAsync();
            await transaction.Queue.AddAsync(NewTask.ForCommand("true"));
            await EndSessionAsync(queue, transaction);

            var first = await Assert.ThrowsAsync<QueueException>(() => commits ? transaction.CommitAsync() : transaction.Queue.CountAsync(new()));
            var then = await Assert.ThrowsAsync<QueueException>(() => transaction.CommitAsync());

            Assert.Equal((QueueError.ConnectionLost, QueueError.ConnectionLost), (first.Error, then.Error));
            Assert.Contains("nothing of it was done", first.Message, StringComparison.Ordinal);
            Assert.NotNull(first.InnerException);
            Assert.Equal(QueueTransactionState.Lost, transaction.State);
            Assert.Equal(0, await queue.Client.CountAsync(new()));
        }
    }

    [Fact]
    public async Task A_connection_that_broke_in_the_pool_is_replaced_at_the_beginning()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.CountAsync(new());
        await queue.SqlAsync("select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() and query like '%' || $1 || '%'", queue.Schema);

        await using var transaction = await queue.Client.BeginAsync();
        await transaction.Queue.AddAsync(NewTask.ForCommand("true"));
        await transaction.CommitAsync();

        Assert.Equal(1, await queue.Client.CountAsync(new()));
    }

    [Fact]
    public async Task What_a_transaction_cannot_do_is_refused()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var transaction = await queue.Client.BeginAsync();
        var task = await transaction.Queue.AddAsync(NewTask.ForCommand("true"));

        foreach (var refused in new Func<Task>[]
        {
            () => transaction.Queue.WaitAsync([task.Id]),
            () => transaction.Queue.BeginAsync(),
            () => transaction.Queue.InstallSchemaAsync(),
            () => transaction.Queue.UninstallSchemaAsync(),
        })
        {
            Assert.Equal(QueueError.NotInTransaction, (await Assert.ThrowsAsync<QueueException>(refused)).Error);
        }

        await transaction.CommitAsync();
        foreach (var over in new Func<Task>[] { () => transaction.CommitAsync(), transaction.RollbackAsync, () => transaction.Queue.CountAsync(new()) })
        {
            var error = await Assert.ThrowsAsync<QueueException>(over);
            Assert.Equal(QueueError.TransactionOver, error.Error);
            Assert.StartsWith("The transaction has been committed already", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_task_added_by_sql_and_rolled_back_is_run_by_no_worker()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var connection = new NpgsqlConnection(queue.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var add = new NpgsqlCommand($"select {queue.Schema}.add_task('command', spec => '{{\"file\": \"true\"}}')", connection);
        var id = (long)(await add.ExecuteScalarAsync())!;

        Assert.Equal(0, (await queue.DrainAsync()).Completed);
        await transaction.RollbackAsync();

        Assert.Equal(0, (await queue.DrainAsync()).Completed);
        Assert.Null(await queue.Client.GetAsync(id));
    }

    private static async Task EndSessionAsync(TestQueue queue, QueueTransaction transaction)
    {
        var process = await transaction.Queue.Database.RunAsync(c => Task.FromResult(c.ProcessID), CancellationToken.None);
        await queue.SqlAsync("select pg_terminate_backend($1)", process);
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from pg_stat_activity where pid = $1", process) is 0L);
    }
}
