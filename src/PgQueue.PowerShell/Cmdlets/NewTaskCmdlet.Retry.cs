using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <content>When a task that failed is tried again.</content>
public abstract partial class NewTaskCmdlet
{
    /// <summary>How often it is tried at the most. Default: the queue's, else once.</summary>
    [Parameter]
    public int? MaxAttempts { get; set; }

    /// <summary>How many runs may die with their worker before it ends as Lost; 0 for a task that must not run twice. Default: 3.</summary>
    [Parameter]
    public int? MaxLost { get; set; }

    /// <summary>The wait before the next attempt. Default: none; 1s where -Backoff is Fixed, Linear or Exponential.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? RetryDelay { get; set; }

    /// <summary>
    /// How the wait grows from attempt to attempt: None, Fixed, Linear or Exponential; or the waits one by one, such as
    /// 1m, 5m, 30m, the last for all that follow. Default: Fixed.
    /// </summary>
    [Parameter]
    [BackoffTransformation]
    [ArgumentCompleter(typeof(BackoffCompleter))]
    public RetryBackoff? Backoff { get; set; }

    /// <summary>The longest wait. Default: 1h, or -RetryDelay where that is longer.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? MaxRetryDelay { get; set; }

    /// <summary>The part of a wait that is left to chance, 0 to 1, so that tasks that failed together don't come back together. Default: 0.</summary>
    [Parameter]
    public double? RetryJitter { get; set; }

    /// <summary>
    /// Try again only after these errors: exception types with or without their namespace, exit codes, or ends such as
    /// Timeout, Memory, Processes and Signal; * and ? are wildcards. Default: after all.
    /// </summary>
    [Parameter]
    [SupportsWildcards]
    public string[]? RetryOn { get; set; }

    /// <summary>Never try again after these errors, written as for -RetryOn, over which it wins.</summary>
    [Parameter]
    [SupportsWildcards]
    public string[]? NoRetryOn { get; set; }

    /// <exception cref="CmdletException">One is out of its range, or two exclude each other.</exception>
    private protected RetryPolicy? Retry() => new RetryArguments
    {
        Statement = BareTimes.StatementOf(MyInvocation),
        Delay = RetryDelay,
        Backoff = Backoff,
        MaxDelay = MaxRetryDelay,
        Jitter = RetryJitter,
        RetryOn = RetryOn,
        NoRetryOn = NoRetryOn,
    }.ToPolicy();
}
