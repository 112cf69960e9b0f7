using System.Diagnostics;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>What applications do that call the SQL functions in transactions and with rights of their own.</summary>
public sealed class SqlCallerTests
{
    [Theory]
    [InlineData("select count(*) from {schema}.cancel_tasks(array[$1])")]
    [InlineData("select count(*) from {schema}.remove_tasks(array[$1])")]
    public async Task Who_ends_a_task_in_a_snapshot_leaves_nobody_waiting_who_came_after_it(string how)
    {
        await using var queue = await TestQueue.CreateAsync();
        var awaited = (await queue.Client.AddAsync(NewTask.ForCommand("true"))).Id;
        long waiting;
        await using (var connection = new NpgsqlConnection(queue.ConnectionString))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
            await ScalarAsync(connection, queue, "select count(*) from {schema}.task");
            waiting = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { AfterAny = [awaited] })).Id;
            Assert.Equal(1L, await ScalarAsync(connection, queue, how.Replace("$1", $"{awaited}", StringComparison.Ordinal)));
            await transaction.CommitAsync();
        }

        await queue.SqlAsync("select {schema}.promote_due()");

        Assert.Equal(TaskState.Ready, (await queue.TaskAsync(waiting)).State);
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.arrival"));
    }

    [Fact]
    public async Task A_function_that_runs_with_its_owners_rights_adds_for_those_who_have_none()
    {
        await using var queue = await TestQueue.CreateAsync();
        var role = $"caller_{queue.Schema}";
        await queue.SqlAsync(
            $$$"""
            create role {{{role}}};
            create function {schema}.submit(awaited bigint default null) returns bigint language sql security definer as
                $f$ select {schema}.add_task('command', spec => '{"file": "true"}', group_key => 'g', after => array_remove(array[awaited], null)) $f$;
            grant usage on schema {schema} to {{{role}}};
            """);
        try
        {
            await using var connection = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
            await connection.OpenAsync();
            await ScalarAsync(connection, queue, $"set role {role}");

            var first = (long)(await ScalarAsync(connection, queue, "select {schema}.submit()"))!;
            var second = (long)(await ScalarAsync(connection, queue, $"select {{schema}}.submit({first})"))!;

            Assert.Equal(TaskState.Ready, (await queue.TaskAsync(first)).State);
            await queue.Client.CancelAsync([first]);
            Assert.Equal(TaskState.Canceled, (await queue.TaskAsync(second)).State);
        }
        finally
        {
            await queue.SqlAsync($"drop owned by {role}; drop role {role}");
        }
    }

    [Fact]
    public async Task Forty_thousand_groups_in_one_transaction_are_settled_in_seconds()
    {
        await using var queue = await TestQueue.CreateAsync();
        var clock = Stopwatch.StartNew();

        await queue.SqlAsync(
            """
            select count(*)
            from {schema}.add_tasks((
                select jsonb_agg(jsonb_build_object('kind', 'command', 'spec', '{"file": "true"}'::jsonb, 'group_key', 'g' || n))
                from generate_series(1, 40000) n))
            """);

        Assert.Equal(40000L, await queue.SqlAsync("select count(*) from {schema}.task where state = 'ready'"));
        // It took a minute when each of them looked at all.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task Groups_that_are_settled_by_two_transactions_in_opposite_directions_never_lock_each_other_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await SqlWorker.JoinAsync(queue);
        for (var round = 0; round < 40; round++)
        {
            // The end of each frees its own group, and brings a task to the other's.
            var a = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Group = "a" })).Id;
            var b = (await queue.Client.AddAsync(NewTask.ForCommand("true") with { Group = "b" })).Id;
            await queue.Client.AddAsync(NewTask.ForCommand("true") with { Group = "b", AfterAny = [a] });
            await queue.Client.AddAsync(NewTask.ForCommand("true") with { Group = "a", AfterAny = [b] });

            // By SQL: the client tries again after a deadlock.
            await Task.WhenAll(
                queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array[$1])", a),
                queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array[$1])", b));

            Assert.Equal(2, (await worker.ClaimAsync(5)).Count);
            await queue.SqlAsync("select {schema}.free_tasks($1, false)", worker.Id);
            await queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array(select id from {schema}.task))");
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, TestQueue queue, string sql)
    {
        await using var command = new NpgsqlCommand(queue.Client.Database.Qualify(sql), connection);
        return await command.ExecuteScalarAsync();
    }
}
