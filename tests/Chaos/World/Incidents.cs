using System.Collections.Concurrent;
using System.Globalization;

namespace PgQueue.Chaos;

/// <summary>Something that was done to the system.</summary>
/// <param name="At">When it began.</param>
/// <param name="Kind">What.</param>
/// <param name="Target">To what: a worker's name, a process's mark, a backend.</param>
/// <param name="Until">When it was over, where it took time.</param>
internal sealed record Incident(DateTimeOffset At, FaultKind Kind, string Target, DateTimeOffset? Until = null)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At:HH:mm:ss.fff} {Kind} {Target}{(Until is null ? "" : $" until {Until:HH:mm:ss.fff}")}");
}

internal enum FaultKind
{
    KillWorker,
    KillChild,
    EndBackend,
    EndSession,
    LoseAnswer,
    RestartImmediate,
    RestartFast,
    RestartSmart,
    Freeze,
    FreezeAndCut,
    Flood,
}

/// <summary>All that was done, as it will be judged by.</summary>
internal sealed class Incidents
{
    private readonly ConcurrentQueue<Incident> _all = new();

    public IReadOnlyCollection<Incident> All => _all;

    public void Add(Incident incident) => _all.Enqueue(incident);

    public IEnumerable<Incident> Of(params FaultKind[] kinds) => _all.Where(i => kinds.Contains(i.Kind));

    /// <summary>Times at which the server was away.</summary>
    public IEnumerable<Incident> Outages => Of(FaultKind.RestartImmediate, FaultKind.RestartFast, FaultKind.RestartSmart);
}

/// <summary>Promises that were broken.</summary>
internal sealed class Breaches
{
    private readonly ConcurrentQueue<(string Rule, string Detail)> _all = new();

    public IReadOnlyCollection<(string Rule, string Detail)> All => _all;

    public void Add(string rule, string detail) => _all.Enqueue((rule, detail));
}
