namespace PgQueue.PowerShell;

/// <summary>Completes the names of queues.</summary>
public sealed class QueueCompleter : NameCompleter
{
    private protected override async Task<IReadOnlyList<(string Name, string Tip)>> ReadAsync(
        QueueClient client, string pattern, CancellationToken cancellationToken) =>
        [.. (await client.GetQueueNamesAsync(cancellationToken).ConfigureAwait(false)).Select(name => (name, $"Queue {name}"))];
}
