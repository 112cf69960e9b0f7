namespace PgQueue.PowerShell;

/// <summary>Completes the names of workers. Starts no server, waits a second at the most, and never fails.</summary>
public sealed class WorkerCompleter : NameCompleter
{
    private protected override IEnumerable<(string Name, string Tip)> Names(QueueClient client, CancellationToken cancellationToken) =>
        client.GetWorkersAsync(cancellationToken).ToBlockingEnumerable(cancellationToken).Select(w => (w.Name, $"{w.State} on {w.Host}"));
}
