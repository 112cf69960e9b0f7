using NpgsqlTypes;

namespace PgQueue;

/// <content>What running tasks tell of how far they are.</content>
public sealed partial class QueueClient
{
    /// <summary>Of a task's output so much is looked through for its progress.</summary>
    private const int LatestRecords = 200;

    /// <summary>The tasks that run at this moment, those first that began first.</summary>
    /// <param name="ids">Only these; all where null.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    internal Task<IReadOnlyList<RunningNow>> GetRunningAsync(IReadOnlyCollection<long>? ids, CancellationToken cancellationToken) => CallAsync(
        Database.Sql("Tasks/running.sql"),
        [new() { Value = (object?)ids?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint }],
        row => new RunningNow(row.GetInt64(0), row.GetInt32(1), TaskRow.Text(row, 2)),
        cancellationToken);

    /// <summary>Records of progress among the latest of some runs.</summary>
    /// <param name="runs">The runs, each with the number of the record from which on they count.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    internal Task<IReadOnlyList<TaskOutput>> GetProgressAsync(
        IReadOnlyCollection<(long Id, int Run, int After)> runs, CancellationToken cancellationToken) => CallAsync(
        Database.Sql("Tasks/progress.sql"),
        [
            new() { Value = runs.Select(r => r.Id).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
            new() { Value = runs.Select(r => r.Run).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
            new() { Value = runs.Select(r => r.After).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
            new() { Value = LatestRecords },
        ],
        TaskOutput.Read,
        cancellationToken);
}

/// <summary>A task that runs.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Run">Which run it is in.</param>
/// <param name="Name">Its name, if it was given one.</param>
internal sealed record RunningNow(long Id, int Run, string? Name);
