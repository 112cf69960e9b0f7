using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PgQueue.Unit;

/// <summary>Waits for what must come true, and no longer.</summary>
internal static class Until
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(
        Func<Task<bool>> condition, TimeSpan? within = null, [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        var limit = within ?? s_longest;
        var since = Stopwatch.StartNew();
        while (!await condition())
        {
            if (since.Elapsed > limit)
            {
                throw new TimeoutException($"Not true within {limit.TotalSeconds} s: {what}");
            }

            await Task.Delay(10);
        }
    }
}
