namespace PgQueue.PowerShell;

/// <summary>The retry options of a cmdlet, whose names may begin with Default.</summary>
internal sealed record RetryArguments
{
    private static readonly TimeSpan UsualDelay = TimeSpan.FromSeconds(1);

    /// <summary>What the cmdlet's parameters begin with, for an error's text.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The statement that calls the cmdlet; may be empty.</summary>
    public string Statement { get; init; } = "";

    public TimeSpan? Delay { get; init; }

    public RetryBackoff? Backoff { get; init; }

    public TimeSpan? MaxDelay { get; init; }

    public double? Jitter { get; init; }

    public string[]? RetryOn { get; init; }

    public string[]? NoRetryOn { get; init; }

    private bool IsEmpty => Delay is null && Backoff is null && MaxDelay is null && Jitter is null && RetryOn is null && NoRetryOn is null;

    /// <summary>The policy that they make; null where none is given.</summary>
    /// <exception cref="CmdletException">One is out of its range, or two exclude each other.</exception>
    public RetryPolicy? ToPolicy()
    {
        if (IsEmpty)
        {
            return null;
        }

        var way = Backoff?.Way();
        Require(Delay is null || Delay >= TimeSpan.Zero, "RetryDelay", Delay, "must not be negative");
        Require(MaxDelay is null || MaxDelay > TimeSpan.Zero, "MaxRetryDelay", MaxDelay, "must be longer than zero");
        Require(MaxDelay is null || Delay is null || MaxDelay >= Delay, "MaxRetryDelay", MaxDelay, $"must not be shorter than {Prefix}RetryDelay {Delay}");
        Require(Jitter is null or (>= 0 and <= 1), "RetryJitter", Jitter, "must be from 0 to 1: the part of a wait that is left to chance");
        Require(Backoff?.Delays is not { Count: 0 }, "Backoff", "", "is an empty list; give at least one wait");
        RequireExact();
        Require(Backoff?.Delays?.All(d => d >= TimeSpan.Zero) is not false, "Backoff", Backoff, "must not have a negative wait");
        Require(Backoff?.Delays is null || Delay is null, "Backoff", Backoff, $"says the waits one by one, so {Prefix}RetryDelay can't be given as well; leave one of them out");
        Require(Backoff?.Delays is null || MaxDelay is null, "Backoff", Backoff, $"says the waits one by one, so {Prefix}MaxRetryDelay can't be given as well; leave one of them out");
        Require(way is not PgQueue.Backoff.None || (Delay ?? MaxDelay) is null, "Backoff", Backoff, $"means no wait, so {Prefix}RetryDelay and {Prefix}MaxRetryDelay can't be given as well; leave one of them out");
        RequireNames("RetryOn", RetryOn);
        RequireNames("NoRetryOn", NoRetryOn);

        return new RetryPolicy
        {
            // Who names a way to wait wants a wait.
            Delay = Delay ?? (way is null or PgQueue.Backoff.None ? TimeSpan.Zero : UsualDelay),
            Backoff = way ?? PgQueue.Backoff.Fixed,
            Delays = Backoff?.Delays,
            MaxDelay = MaxDelay ?? (Delay > RetryPolicy.Immediate.MaxDelay ? Delay.Value : RetryPolicy.Immediate.MaxDelay),
            Jitter = Jitter ?? 0,
            RetryOn = RetryOn,
            NoRetryOn = NoRetryOn,
        };
    }

    private void RequireExact()
    {
        if (Backoff?.Delays is not null && BareTimes.FindRounded(Statement, Prefix + "Backoff") is { } time)
        {
            Require(false, "Backoff", time, $"is a rounded whole number to PowerShell in a list; quote it: '{time}'");
        }
    }

    private void RequireNames(string name, string[]? patterns) => Require(
        patterns?.Any(string.IsNullOrWhiteSpace) is not true, name, string.Join(", ", patterns ?? []),
        "has an empty name; give exception types, exit codes, or ends such as Timeout");

    private void Require(bool condition, string name, object? value, string rule) => Argument.Require(condition, Prefix + name, value, rule);
}
