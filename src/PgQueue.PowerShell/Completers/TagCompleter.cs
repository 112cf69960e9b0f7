namespace PgQueue.PowerShell;

/// <summary>Completes the tags of the newest tasks.</summary>
public sealed class TagCompleter : RecentWordCompleter
{
    private protected override RecentWord Kind => RecentWord.Tag;
}
