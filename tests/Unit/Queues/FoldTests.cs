using System.Globalization;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Queues;

/// <summary>Adding up what was finished, while others finish and read.</summary>
public sealed class FoldTests
{
    private const int Each = 300;

    [Fact]
    public async Task While_four_finish_and_two_maintainers_add_up_no_snapshot_counts_a_task_twice_or_not_at_all()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync("insert into {schema}.task (kind, queue) select 'command', 'q' || i % 2 from generate_series(1, $1) i", 4 * Each);
        await queue.SqlAsync("insert into {schema}.queue (name) values ('q0'), ('q1')");
        using var done = new CancellationTokenSource();
        var folders = Enumerable.Range(0, 2).Select(_ => Task.Run(() => FoldAsync(queue, done.Token))).ToList();
        var reader = Task.Run(() => CompareAsync(queue, done.Token));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => FinishAsync(queue, Each))));
        await done.CancelAsync();

        Assert.True(await reader > 10);
        Assert.True((await Task.WhenAll(folders)).Sum() > 0);
        Assert.Equal(4L * Each, await Counts.SinceAsync(queue, DateTime.MinValue));
        Assert.Equal(0L, await queue.SqlAsync(Counts.Differences));
    }

    [Fact]
    public async Task What_commits_late_counts_from_its_commit_and_a_snapshot_sees_what_it_saw()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync("insert into {schema}.task (kind, queue) select 'command', 'default' from generate_series(1, 3)");
        await queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array[1])");

        await using var late = new NpgsqlConnection(queue.ConnectionString);
        await late.OpenAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await using var cancel = new NpgsqlCommand(queue.Client.Database.Qualify("select count(*) from {schema}.cancel_tasks(array[2])"), late, transaction);
        await cancel.ExecuteNonQueryAsync();
        await queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array[3])");
        await using var held = await Counts.HoldSnapshotAsync(queue);

        await Counts.FoldAsync(queue);
        Assert.Equal(2, await Counts.SinceAsync(queue, DateTime.MinValue));
        await transaction.CommitAsync();
        Assert.Equal(3, await Counts.SinceAsync(queue, DateTime.MinValue));
        await Counts.FoldAsync(queue);
        Assert.Equal(3, await Counts.SinceAsync(queue, DateTime.MinValue));
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.finished"));

        await using var look = new NpgsqlCommand(queue.Client.Database.Qualify("select sum(canceled) from {schema}.measure_queues('-infinity')"), held);
        Assert.Equal(2m, await look.ExecuteScalarAsync());
        Assert.Equal(0L, await queue.SqlAsync(Counts.Differences));
    }

    [Fact]
    public async Task What_is_young_is_left_alone_and_an_idle_queue_writes_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();
        const string writer = "select xmin::text from {schema}.fold";
        var installed = await queue.SqlAsync(writer);
        Assert.Equal(0, await queue.SqlAsync("select {schema}.fold_finished('0')"));
        Assert.Equal(installed, await queue.SqlAsync(writer));

        await queue.SqlAsync("insert into {schema}.task (kind, queue) values ('command', 'default')");
        await queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array[1])");
        Assert.Equal(0, await queue.SqlAsync("select {schema}.fold_finished('1 hour')"));
        var seen = await queue.SqlAsync(writer);
        Assert.NotEqual(installed, seen);
        Assert.Equal(0, await queue.SqlAsync("select {schema}.fold_finished('1 hour')"));
        Assert.Equal(seen, await queue.SqlAsync(writer));
        Assert.Equal(1, await queue.SqlAsync("select {schema}.fold_finished('0')"));

        var folded = await queue.SqlAsync(writer);
        Assert.Equal(0, await queue.SqlAsync("select {schema}.fold_finished('0')"));
        Assert.Equal(folded, await queue.SqlAsync(writer));
    }

    [Fact]
    public async Task On_a_server_that_a_dump_was_restored_to_nothing_is_left_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync("insert into {schema}.task (kind, queue) select 'command', 'default' from generate_series(1, 2)");
        await queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array[1])");
        await Counts.FoldAsync(queue);

        // As another server's transactions had it, which was far ahead of this one.
        await queue.SqlAsync("update {schema}.fold set folded = '9000000000000:9000000000000:', seen = '9000000000009:9000000000009:', transaction_id = '9000000000009'");
        await queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array[2])");

        Assert.Equal(2, await Counts.SinceAsync(queue, DateTime.MinValue));
        await Counts.FoldAsync(queue);
        Assert.Equal(2, await Counts.SinceAsync(queue, DateTime.MinValue));
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.finished"));
    }

    /// <returns>How many rows it has added up.</returns>
    private static async Task<int> FoldAsync(TestQueue queue, CancellationToken done)
    {
        var folded = 0;
        while (!done.IsCancellationRequested)
        {
            folded += Convert.ToInt32(await queue.SqlAsync("select {schema}.fold_finished('0')"), CultureInfo.InvariantCulture);
        }

        return folded;
    }

    /// <returns>How often it has looked.</returns>
    private static async Task<int> CompareAsync(TestQueue queue, CancellationToken done)
    {
        var looks = 0;
        for (; !done.IsCancellationRequested; looks++)
        {
            Assert.Equal(0L, await queue.SqlAsync(Counts.Differences));
        }

        return looks;
    }

    private static async Task FinishAsync(TestQueue queue, int tasks)
    {
        await using var worker = await SqlWorker.JoinAsync(queue);
        for (var i = 0; i < tasks; i += 3)
        {
            foreach (var id in await worker.ClaimAsync(3))
            {
                await worker.FinishAsync(id, id % 5 == 0 ? "failed" : "completed");
            }
        }
    }
}
