using System.Diagnostics;

namespace PgQueue.PowerShell;

/// <content>Waiting on while the database is away.</content>
public abstract partial class QueueCmdlet
{
    private bool _away;

    /// <summary>Repeats what may be repeated until it succeeds, though the connection breaks; warns once when it does.</summary>
    /// <param name="work">The engine's work.</param>
    /// <param name="limit">How long to try at the most; for ever where null.</param>
    /// <param name="result">The work's result.</param>
    /// <returns>False where the time ran out while the database was away.</returns>
    private protected bool TryAwait<T>(Func<CancellationToken, Task<T>> work, TimeSpan? limit, out T result)
    {
        var clock = Stopwatch.StartNew();
        var waits = new ReconnectWait();
        while (true)
        {
            try
            {
                result = Await(work);
                Away(null);
                return true;
            }
            catch (QueueException e) when (e.IsTransient)
            {
                Away(e);
            }

            var wait = waits.Next();
            if (limit - clock.Elapsed is { } left && left < wait)
            {
                result = default!;
                return false;
            }

            Await(token => Task.Delay(wait, token));
        }
    }

    /// <summary>Called before a line is written from here, for whoever draws on the terminal meanwhile.</summary>
    private protected virtual void BeforeNotice()
    {
    }

    private void Away(QueueException? error)
    {
        if (error is not null && !_away)
        {
            Client.Database.ClosePooled();
            BeforeNotice();
            WriteWarning(OutageText.Lost(Client, error));
        }
        else if (error is null && _away)
        {
            BeforeNotice();
            WriteVerbose($"The connection to {Client.Server} is back.");
        }

        _away = error is not null;
    }
}
