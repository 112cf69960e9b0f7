namespace PgQueue.PowerShell;

/// <summary>Completes the names of queues. Starts no server, waits a second at the most, and never fails.</summary>
public sealed class QueueCompleter : NameCompleter
{
    private protected override IEnumerable<(string Name, string Tip)> Names(QueueClient client, CancellationToken cancellationToken) =>
        client.GetQueueNamesAsync(cancellationToken).GetAwaiter().GetResult().Select(name => (name, $"Queue {name}"));
}
