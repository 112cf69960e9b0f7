using System.Collections.Concurrent;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>What a claim reads, over a backlog and behind a snapshot that somebody holds open.</summary>
public sealed class ClaimScanTests
{
    private const int Backlog = 100_000;
    private const int Batch = 500;

    [Fact]
    public async Task A_claim_reads_in_proportion_to_its_batch_over_a_backlog_and_behind_an_open_snapshot()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForHandler("nothing"), Backlog)], null);
        await queue.SqlAsync("analyze {schema}.task");
        await using var snapshot = await queue.Client.BeginAsync();
        Assert.Equal(Backlog, await snapshot.Queue.CountAsync(new()));
        await using var worker = await SqlWorker.JoinAsync(queue);

        var (fresh, plan) = await ReadByClaimAsync(queue, worker, null);
        var last = 0L;
        for (var claims = 0; claims < 40; claims++)
        {
            last = (await worker.ClaimAsync(Batch, last == 0 ? "" : $", beyond => '{{\"default\": [50, {last}]}}'"))[^1];
        }

        var (head, _) = await ReadByClaimAsync(queue, worker, null);
        var (beyond, planBeyond) = await ReadByClaimAsync(queue, worker, $$"""{"default": [50, {{last}}]}""");

        Assert.InRange(fresh, Batch, 2 * Batch);
        Assert.InRange(beyond, Batch, 2 * Batch);
        // What the places are for: from the head, it reads past all that was claimed before.
        Assert.True(head > 40 * Batch, $"{head}");
        foreach (var text in new[] { plan, planBeyond })
        {
            Assert.Matches(@"Index Scan using task_claim on task t_\d.*\n *Index Cond: \(\(queue = q_\d\.name\) AND \(ROW\(\(~ priority\), id\) > ROW\(q_\d\.rank, q_\d\.id\)\)\)", text);
            Assert.DoesNotContain("Seq Scan on task", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Plans_that_were_made_when_the_table_was_empty_serve_a_backlog()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.Client.AddAsync(NewTask.ForHandler("nothing"));
        await using var worker = await SqlWorker.JoinAsync(queue);
        await worker.FinishAsync(await worker.ClaimAsync(1));
        // As autovacuum leaves a queue in which all is done: known to be empty, whereas a new table is taken for a small one.
        await queue.SqlAsync("vacuum {schema}.task");
        Assert.Empty(await worker.ClaimAsync(Batch));
        Assert.Equal(0, await worker.FinishAsync([-1]));
        Assert.Equal(0, await worker.FinishAsync([-1], TimeSpan.Zero));
        await queue.SqlAsync("select {schema}.free_strays($1, '{}')", worker.Id);

        await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForHandler("nothing"), 20_000)], null);

        var ids = new List<long>();
        Assert.InRange(await worker.CountReadsAsync(async () => ids = await worker.ClaimAsync(Batch)), Batch, 3 * Batch);
        var (again, done) = (ids[..(Batch / 2)], ids[(Batch / 2)..]);
        Assert.InRange(
            await worker.CountReadsAsync(async () => Assert.Equal(again.Count, await worker.FinishAsync(again, TimeSpan.Zero))), again.Count, 10 * again.Count);
        Assert.InRange(
            await worker.CountReadsAsync(async () => Assert.Equal(done.Count, await worker.FinishAsync(done))), done.Count, 4 * done.Count);
    }

    [Fact]
    public async Task What_comes_before_the_place_of_a_worker_is_found_soon()
    {
        await using var queue = await TestQueue.CreateAsync();
        var order = new ConcurrentQueue<string>();
        var first = true;
        await queue.Client.AddAsync([.. Enumerable.Range(0, 2000).Select(n => Work($"{n}"))], null);
        var options = new WorkerOptions
        {
            Concurrency = 1,
            Handlers = new Dictionary<string, TaskHandler>
            {
                ["work"] = async (task, token) =>
                {
                    order.Enqueue(task.Name!);
                    if (task.Name == "100" && first)
                    {
                        first = false;
                        await queue.Client.AddAsync(Work("urgent") with { Priority = 90 }, token);
                        throw new InvalidOperationException("once more");
                    }

                    return null;
                },
            },
        };

        await queue.DrainAsync(options);

        var all = order.ToList();
        Assert.Equal(2002, all.Count);
        Assert.InRange(all.IndexOf("urgent"), 101, 1500);
        Assert.InRange(all.LastIndexOf("100"), 101, 1500);

        static NewTask Work(string name) => NewTask.ForHandler("work") with { Name = name, MaxAttempts = 2, Retry = new() { Delay = TimeSpan.Zero } };
    }

    /// <summary>Entries of the claim's index that a claim reads, and the plans of its statements.</summary>
    private static async Task<(long Read, string Plan)> ReadByClaimAsync(TestQueue queue, SqlWorker worker, string? beyond)
    {
        await using var connection = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        var notices = new List<string>();
        connection.Notice += (_, e) => notices.Add(e.Notice.MessageText);
        await using var transaction = await connection.BeginTransactionAsync();
        await using var claim = new NpgsqlCommand(
            queue.Client.Database.Qualify(
                """
                load 'auto_explain';
                set local auto_explain.log_min_duration = 0;
                set local auto_explain.log_nested_statements = on;
                set local client_min_messages = log;
                select count(*) from {schema}.claim_tasks(@worker, null, @batch, beyond => @beyond);
                reset client_min_messages;
                select pg_stat_get_xact_tuples_returned('{schema}.task_claim'::regclass)
                """),
            connection);
        claim.Parameters.AddWithValue("worker", worker.Id);
        claim.Parameters.AddWithValue("batch", Batch);
        claim.Parameters.Add(new("beyond", NpgsqlTypes.NpgsqlDbType.Jsonb) { Value = (object?)beyond ?? DBNull.Value });
        await using var rows = await claim.ExecuteReaderAsync();
        await rows.ReadAsync();
        Assert.Equal(Batch, rows.GetInt64(0));
        await rows.NextResultAsync();
        await rows.ReadAsync();
        return (rows.GetInt64(0), string.Join('\n', notices));
    }
}
