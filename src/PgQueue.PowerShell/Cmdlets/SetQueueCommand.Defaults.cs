using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <content>What a queue's tasks have that say nothing of their own, and all that is set as the engine takes it.</content>
public sealed partial class SetQueueCommand
{
    private static readonly string[] RetryOptions =
    [
        nameof(DefaultRetryDelay), nameof(DefaultBackoff), nameof(DefaultMaxRetryDelay), nameof(DefaultRetryJitter), nameof(DefaultRetryOn),
        nameof(DefaultNoRetryOn),
    ];

    /// <summary>The time limit of its tasks that have none of their own, such as 30m.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [DurationTransformation]
    public TimeSpan? DefaultTimeout { get; set; }

    /// <summary>How often its tasks are tried that don't say.</summary>
    [Parameter(ParameterSetName = NameSet)]
    public int? DefaultMaxAttempts { get; set; }

    /// <summary>The wait before the next attempt of tasks that don't say. The options of retries are set together.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [DurationTransformation]
    public TimeSpan? DefaultRetryDelay { get; set; }

    /// <summary>How the wait of tasks that don't say grows: None, Fixed, Linear, Exponential, or the waits one by one, such as 1m, 5m, 30m.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [BackoffTransformation]
    [ArgumentCompleter(typeof(BackoffCompleter))]
    public RetryBackoff? DefaultBackoff { get; set; }

    /// <summary>The longest wait of tasks that don't say. Default: 1h, or -DefaultRetryDelay where that is longer.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [DurationTransformation]
    public TimeSpan? DefaultMaxRetryDelay { get; set; }

    /// <summary>The part of a wait that is left to chance, 0 to 1, of tasks that don't say.</summary>
    [Parameter(ParameterSetName = NameSet)]
    public double? DefaultRetryJitter { get; set; }

    /// <summary>Errors after which tasks that don't say are tried again, as Add-PqTask -RetryOn takes them.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [SupportsWildcards]
    public string[]? DefaultRetryOn { get; set; }

    /// <summary>Errors after which tasks that don't say are never tried again.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [SupportsWildcards]
    public string[]? DefaultNoRetryOn { get; set; }

    /// <exception cref="CmdletException">One is out of its range, or two exclude each other.</exception>
    private QueueSettings Settings()
    {
        Argument.RefuseSetAndCleared(MyInvocation, Clear, name => name switch
        {
            "DefaultRetry" => RetryOptions,
            nameof(RateLimit) => [nameof(RateLimit), nameof(RateBurst)],
            _ => [name],
        });
        var settings = new QueueSettings
        {
            MaxConcurrency = MaxConcurrency,
            RateCount = RateLimit?.Count,
            RatePeriod = RateLimit?.Period,
            RateBurst = RateBurst,
            DefaultTimeout = DefaultTimeout,
            DefaultMaxAttempts = DefaultMaxAttempts,
            DefaultRetry = DefaultRetry(),
            DeadLetterQueue = DeadLetterQueue,
            Retention = Retention,
            RetentionCount = RetentionCount,
            KeepAll = KeepAllSetting(),
            Clear = [.. Clear.Where(c => c != nameof(KeepAll)).Select(c => c == nameof(RateLimit) ? nameof(QueueSettings.RateCount) : c)],
        };

        // Checked before any queue is asked for; its name is not known yet.
        _ = settings.ToJson("");
        return settings;
    }

    private RetryPolicy? DefaultRetry() => new RetryArguments
    {
        Prefix = "Default",
        Delay = DefaultRetryDelay,
        Statement = BareTimes.StatementOf(MyInvocation),
        Backoff = DefaultBackoff,
        MaxDelay = DefaultMaxRetryDelay,
        Jitter = DefaultRetryJitter,
        RetryOn = DefaultRetryOn,
        NoRetryOn = DefaultNoRetryOn,
    }.ToPolicy();

    private bool? KeepAllSetting() =>
        MyInvocation.BoundParameters.ContainsKey(nameof(KeepAll)) ? KeepAll
        : Keeps || Clear.Contains(nameof(KeepAll)) ? false
        : null;
}
