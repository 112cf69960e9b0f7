using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <content>The queues of a schema and their settings.</content>
public sealed partial class QueueClient
{
    /// <summary>The names of all queues, in their order.</summary>
    public Task<IReadOnlyList<string>> GetQueueNamesAsync(CancellationToken cancellationToken = default) =>
        CallAsync("select name from {schema}.queue order by name", [], row => row.GetString(0), cancellationToken);

    /// <summary>Queues with their settings, in the order of their names.</summary>
    /// <param name="names">Their names, with <c>*</c> and <c>?</c> as wildcards; all where null or empty.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public Task<IReadOnlyList<QueueInfo>> GetQueuesAsync(
        IReadOnlyCollection<string>? names = null, CancellationToken cancellationToken = default) =>
        CallAsync(Database.Sql("Queues/queues.sql"), [Patterns(names)], QueueInfo.Read, cancellationToken);

    /// <summary>Makes a queue, or changes its settings.</summary>
    /// <returns>True where it was made.</returns>
    /// <exception cref="QueueException">A setting is out of its range.</exception>
    public Task<bool> SetQueueAsync(string name, QueueSettings settings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (name is not { Length: > 0 and <= 200 })
        {
            throw new QueueException(QueueError.InvalidArgument, $"Queue '{name}' must have 1 to 200 characters.");
        }

        return ScalarAsync<bool>(
            "select {schema}.set_queue($1, $2)",
            [new() { Value = name }, new() { Value = settings.ToJson(name), NpgsqlDbType = NpgsqlDbType.Jsonb }],
            cancellationToken);
    }

    /// <summary>
    /// What queues hold now, and what they did since a time. Tasks that were cleared or restarted since count as well. What
    /// is older than some ten seconds is kept by the second, after two hours by the minute, after three days by the hour, for
    /// a year.
    /// </summary>
    /// <param name="names">Their names, with <c>*</c> and <c>?</c> as wildcards; all where null or empty.</param>
    /// <param name="period">How far back what they did counts, by the database's clock; an hour where null.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public Task<IReadOnlyList<QueueMeasure>> MeasureQueuesAsync(
        IReadOnlyCollection<string>? names = null, TimeSpan? period = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            "select * from {schema}.measure_queues(now() - $2) where $1::text[] is null or queue like any ($1)",
            [Patterns(names), new() { Value = period ?? TimeSpan.FromHours(1) }],
            QueueMeasure.Read,
            cancellationToken);

    /// <summary>Deletes the waiting tasks of a queue; running ones stay.</summary>
    /// <param name="query">Which of them; its states are narrowed to scheduled, blocked and ready.</param>
    /// <param name="cancellationToken">Stops it; what was deleted by then is.</param>
    /// <returns>How many were deleted.</returns>
    public Task<long> ClearWaitingAsync(TaskQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return RemoveAllAsync(
            query with { States = [TaskState.Scheduled, TaskState.Blocked, TaskState.Ready] }, cancellationToken);
    }

    /// <summary>Sets how long, and how many, finished tasks are kept by queues that say nothing of their own.</summary>
    /// <param name="retention">How long at least; without end where null.</param>
    /// <param name="count">How many; any number where null.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public Task SetRetentionAsync(TimeSpan? retention, long? count, CancellationToken cancellationToken = default)
    {
        if (retention <= TimeSpan.Zero || count < 0)
        {
            throw new QueueException(QueueError.InvalidArgument, $"Retention '{retention}' must be longer than zero, and its count '{count}' not negative.");
        }

        return CallAsync(
            "select {schema}.set_retention($1, $2)",
            [
                new() { Value = (object?)retention ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Interval },
                new() { Value = (object?)count ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
            ],
            _ => true,
            cancellationToken);
    }

    private static NpgsqlParameter Patterns(IReadOnlyCollection<string>? wildcards) => new()
    {
        Value = wildcards is { Count: > 0 } ? wildcards.Select(QuerySql.Like).ToArray() : DBNull.Value,
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
    };
}
