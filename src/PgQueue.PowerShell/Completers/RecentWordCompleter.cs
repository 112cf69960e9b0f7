namespace PgQueue.PowerShell;

/// <summary>Completes what the newest tasks have as their name, tag and the like.</summary>
public abstract class RecentWordCompleter : NameCompleter
{
    private protected RecentWordCompleter()
    {
    }

    private protected abstract RecentWord Kind { get; }

    private protected sealed override async Task<IReadOnlyList<(string Name, string Tip)>> ReadAsync(
        QueueClient client, string pattern, CancellationToken cancellationToken)
    {
        var words = await client.GetRecentWordsAsync(Kind, MayBeginInside ? "*" + pattern : pattern, cancellationToken).ConfigureAwait(false);
        return [.. words.Where(word => word.Length > 0).Select(word => (word, word))];
    }
}
