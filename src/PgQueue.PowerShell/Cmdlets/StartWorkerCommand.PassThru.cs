namespace PgQueue.PowerShell;

/// <content>Reading the tasks that it has finished.</content>
public sealed partial class StartWorkerCommand
{
    /// <summary>How long a worker that is to stop waits for a database that is away.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private WorkerReport? _report;

    private protected override void BeforeNotice() => _report?.Interrupt();

    private List<QueueTask>? ReadFinished(IReadOnlyCollection<long> ids, WorkerRun run)
    {
        while (true)
        {
            if (TryAwait(token => Client.QueryAsync(new TaskQuery { Ids = ids }, token).ToListAsync(token).AsTask(), Patience, out var found))
            {
                return found;
            }

            if (run.IsStopping)
            {
                return null;
            }
        }
    }
}
