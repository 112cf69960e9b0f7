using System.Diagnostics;

namespace PgQueue.Bench;

/// <summary>Waits for what comes about elsewhere.</summary>
internal static class Until
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <exception cref="BenchException">It did not come about in two minutes.</exception>
    public static async Task IsAsync(string what, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        for (var clock = Stopwatch.StartNew(); !await condition(); await Task.Delay(Look, cancellationToken))
        {
            if (clock.Elapsed > Patience)
            {
                throw new BenchException($"Waited {Patience.TotalMinutes} minutes in vain: {what}.");
            }
        }
    }
}
