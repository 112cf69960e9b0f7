using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>Processes of one kind that do the same at the same time.</summary>
internal sealed class Crew(string name, int size, Func<ProcessStartInfo> start) : IAsyncDisposable
{
    private readonly LineProcess[] _all = [.. Enumerable.Range(1, size).Select(i => new LineProcess(size == 1 ? name : $"{name} {i}", start()))];

    /// <summary>The one that does what one alone is to do.</summary>
    public LineProcess First => _all[0];

    public async Task<IReadOnlyList<JsonObject>> AskAsync(string verb, JsonObject? with, CancellationToken cancellationToken) =>
        await Task.WhenAll(_all.Select(p => p.AskAsync(verb, with, cancellationToken)));

    /// <summary>Has something done by all of them.</summary>
    /// <returns>The seconds that it took until the last had done it, and what each says.</returns>
    public async Task<(double Seconds, IReadOnlyList<JsonObject> Answers)> TimeAsync(string verb, JsonObject? with, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var answers = await AskAsync(verb, with, cancellationToken);
        return (clock.Elapsed.TotalSeconds, answers);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_all.Select(p => p.DisposeAsync().AsTask()));
}
