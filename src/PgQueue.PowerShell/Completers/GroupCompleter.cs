namespace PgQueue.PowerShell;

/// <summary>Completes the groups of the newest tasks.</summary>
public sealed class GroupCompleter : RecentWordCompleter
{
    private protected override RecentWord Kind => RecentWord.Group;
}
