namespace PgQueue.PowerShell;

/// <summary>Completes the names of the newest tasks.</summary>
public sealed class TaskNameCompleter : RecentWordCompleter
{
    private protected override RecentWord Kind => RecentWord.Name;
}
