namespace PgQueue;

/// <content>What is kept of the runs of tasks.</content>
public sealed partial class QueueClient
{
    /// <summary>Every run of tasks, also the one they are in: in the order of the ids given, the oldest of each first.</summary>
    public IAsyncEnumerable<TaskAttempt> GetAttemptsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return ReadAsync(Database.Sql("Tasks/attempts.sql"), [Ids(ids)], TaskAttempt.Read, cancellationToken);
    }
}
