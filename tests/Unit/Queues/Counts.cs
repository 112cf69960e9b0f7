using Npgsql;

namespace PgQueue.Unit.Queues;

/// <summary>What a queue's measure says of what it did, beside what its history says.</summary>
internal static class Counts
{
    private const string Measured = """
        select queue, completed, failed, canceled, average_wait, average_run
        from {schema}.measure_queues('-infinity')
        where completed + failed + canceled > 0
        """;

    private const string Kept = """
        select
            queue,
            count(*) filter (where state = 'completed'), count(*) filter (where state = 'failed'),
            count(*) filter (where state = 'canceled'),
            avg(started_at - greatest(run_at, created_at)) filter (where attempt = 1 and lost = 0),
            avg(finished_at - started_at)
        from {schema}.history
        group by queue
        """;

    /// <summary>How many queues are measured otherwise than their history says, in one snapshot.</summary>
    public const string Differences = $"""
        select count(*)
        from (
            ({Measured} except {Kept})
            union all
            ({Kept} except {Measured})
        ) d
        """;

    /// <summary>How many ended since a time, however.</summary>
    public static async Task<long> SinceAsync(TestQueue queue, DateTime since) => (long)(await queue.SqlAsync(
        "select sum(completed + failed + canceled)::bigint from {schema}.measure_queues($1)", since))!;

    /// <summary>Adds up all that has been committed.</summary>
    public static async Task FoldAsync(TestQueue queue)
    {
        // The first one looks what is there.
        await queue.SqlAsync("select {schema}.fold_finished('0')");
        await queue.SqlAsync("select {schema}.fold_finished('0')");
    }

    /// <summary>A session that sees everything as it is now until it is closed.</summary>
    public static async Task<NpgsqlConnection> HoldSnapshotAsync(TestQueue queue)
    {
        var connection = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("begin isolation level repeatable read; select now()", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
