namespace PgQueue.PowerShell;

/// <summary>Completes the names of workers.</summary>
public sealed class WorkerCompleter : NameCompleter
{
    private protected override async Task<IReadOnlyList<(string Name, string Tip)>> ReadAsync(
        QueueClient client, string pattern, CancellationToken cancellationToken)
    {
        var found = new List<(string Name, string Tip)>();
        await foreach (var worker in client.GetWorkersAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add((worker.Name, $"{worker.State} on {worker.Host}"));
        }

        // Workers that follow one another may have one name.
        return [.. found.DistinctBy(w => w.Name)];
    }
}
