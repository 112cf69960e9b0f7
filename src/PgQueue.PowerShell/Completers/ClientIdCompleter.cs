namespace PgQueue.PowerShell;

/// <summary>Completes the callers' own ids of the newest tasks.</summary>
public sealed class ClientIdCompleter : RecentWordCompleter
{
    private protected override RecentWord Kind => RecentWord.ClientId;
}
