using System.Globalization;

namespace PgQueue.PowerShell;

/// <summary>How the wait between attempts grows: one of four ways, or the waits one by one.</summary>
public sealed class RetryBackoff
{
    private readonly string? _name;

    internal RetryBackoff(string name) => _name = name;

    internal RetryBackoff(IReadOnlyList<TimeSpan> delays) => Delays = delays;

    /// <summary>The ways with a name.</summary>
    internal static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(Backoff.None)] = "no wait at all",
        [nameof(Backoff.Fixed)] = "always the delay",
        [nameof(Backoff.Linear)] = "the delay times the number of attempts made",
        [nameof(Backoff.Exponential)] = "the delay, doubled after each attempt",
    };

    /// <summary>The waits one by one, the last for all that follow; null where a name says how they grow.</summary>
    public IReadOnlyList<TimeSpan>? Delays { get; }

    /// <summary>The name, or the waits.</summary>
    public override string ToString() => _name ?? string.Join(", ", Delays!.Select(d => d.ToString("c", CultureInfo.InvariantCulture)));

    /// <summary>The engine's word for the name; null for a list.</summary>
    internal Backoff? Way() => _name is null ? null : Enum.Parse<Backoff>(_name, ignoreCase: true);
}
