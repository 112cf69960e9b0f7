using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgQueue;

/// <summary>How the wait between attempts grows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Backoff>))]
public enum Backoff : long
{
    /// <summary>Always the delay.</summary>
    Fixed,

    /// <summary>The delay times the number of attempts made.</summary>
    Linear,

    /// <summary>The delay, doubled after each attempt.</summary>
    Exponential,

    /// <summary>No wait at all.</summary>
    None,
}

/// <summary>When a task that failed is tried again, as long as it has attempts left.</summary>
public sealed record RetryPolicy
{
    /// <summary>What a task has that was given attempts but no policy: at once.</summary>
    public static RetryPolicy Immediate { get; } = new();

    /// <summary>The wait before the second attempt; none where zero.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How the wait grows from there.</summary>
    public Backoff Backoff { get; init; }

    /// <summary>The waits one by one, the last for all that follow; <see cref="Delay"/> and <see cref="Backoff"/> say them where null.</summary>
    public IReadOnlyList<TimeSpan>? Delays { get; init; }

    /// <summary>
    /// Try again only after these errors: exception type names, whole or without their namespace, exit codes, or words of
    /// <see cref="TaskEnd"/> such as <c>Timeout</c>, with <c>*</c> and <c>?</c> as wildcards; after all where null.
    /// </summary>
    public IReadOnlyList<string>? RetryOn { get; init; }

    /// <summary>Never try again after these errors, in the words of <see cref="RetryOn"/>; wins over that.</summary>
    public IReadOnlyList<string>? NoRetryOn { get; init; }

    /// <summary>The longest wait; one hour.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The part of a wait that is left to chance, 0 to 1, so that tasks that failed together don't come back together.</summary>
    public double Jitter { get; init; }

    /// <summary>The wait after a number of attempts.</summary>
    /// <param name="attempts">Attempts made, 1 at least.</param>
    /// <param name="chance">0 to 1, what the jitter is drawn from.</param>
    public TimeSpan WaitAfter(int attempts, double chance)
    {
        if (Delays is { Count: > 0 } list)
        {
            return Scatter(list[Math.Min(attempts, list.Count) - 1].TotalSeconds, chance);
        }

        var factor = Backoff switch
        {
            Backoff.Linear => attempts,
            Backoff.Exponential => Math.Pow(2, Math.Min(attempts - 1, 62)),
            Backoff.None => 0,
            _ => 1.0,
        };
        return Scatter(Math.Min(Delay.TotalSeconds * factor, MaxDelay.TotalSeconds), chance);
    }

    /// <summary>The waits in one line.</summary>
    public override string ToString()
    {
        var waits = Delays is { Count: > 0 } list ? string.Join(", ", list.Select(ShortDuration.Of))
            : Backoff == Backoff.None || Delay == TimeSpan.Zero ? "at once"
            : Backoff == Backoff.Fixed ? $"after {ShortDuration.Of(Delay)}"
            : $"after {ShortDuration.Of(Delay)}, {Backoff.ToString().ToLowerInvariant()} up to {ShortDuration.Of(MaxDelay)}";
        return waits
            + (Jitter > 0 ? string.Create(CultureInfo.InvariantCulture, $", jitter {Jitter}") : "")
            + (RetryOn is { Count: > 0 } ? $", on {string.Join(", ", RetryOn)}" : "")
            + (NoRetryOn is { Count: > 0 } ? $", not on {string.Join(", ", NoRetryOn)}" : "");
    }

    private TimeSpan Scatter(double seconds, double chance) => TimeSpan.FromSeconds(seconds * (1 - (Jitter * chance)));

    internal string ToJson() => JsonSerializer.Serialize(this, RetryPolicyJson.Default.RetryPolicy);

    internal static RetryPolicy FromJson(string? json) =>
        (json is null ? null : JsonSerializer.Deserialize(json, RetryPolicyJson.Default.RetryPolicy)) ?? Immediate;

    /// <summary>What is written of it; null where there is none, or it is in a form that a SQL caller made up.</summary>
    internal static RetryPolicy? Read(string? json)
    {
        try
        {
            return json is null ? null : FromJson(json);
        }
        catch (JsonException)
        {
            // A task must be shown for all that. What the worker makes of it is the worker's to say.
            return null;
        }
    }

    internal void Validate()
    {
        Require(Delay >= TimeSpan.Zero, nameof(Delay), Delay, "must not be negative");
        Require(MaxDelay >= TimeSpan.Zero, nameof(MaxDelay), MaxDelay, "must not be negative");
        Require(Jitter is >= 0 and <= 1, nameof(Jitter), Jitter, "must be from 0 to 1");
        Require(Delays?.All(d => d >= TimeSpan.Zero) is not false, nameof(Delays), string.Join(", ", Delays ?? []), "must not be negative");
        Require(RetryOn?.Any(string.IsNullOrEmpty) is not true, nameof(RetryOn), string.Join(", ", RetryOn ?? []), "must not hold an empty name");
        Require(NoRetryOn?.Any(string.IsNullOrEmpty) is not true, nameof(NoRetryOn), string.Join(", ", NoRetryOn ?? []), "must not hold an empty name");

        static void Require(bool condition, string name, object value, string rule)
        {
            if (!condition)
            {
                throw new QueueException(QueueError.InvalidArgument, $"Retry.{name} '{value}' {rule}.");
            }
        }
    }
}

/// <summary>A retry policy as the database keeps it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RetryPolicy))]
internal sealed partial class RetryPolicyJson : JsonSerializerContext;
