namespace PgQueue.PowerShell;

/// <summary>Completes the types of the newest errors, also by a part: timeout gives System.TimeoutException.</summary>
public sealed class ErrorTypeCompleter : RecentWordCompleter
{
    private protected override RecentWord Kind => RecentWord.ErrorType;

    private protected override bool MayBeginInside => true;
}
