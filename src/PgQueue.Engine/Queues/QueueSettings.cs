using System.Text.Json.Nodes;

namespace PgQueue;

/// <summary>What to set of a queue. What is null stays; what <see cref="Clear"/> names is taken away.</summary>
public sealed record QueueSettings
{
    /// <summary>True: its tasks wait; those that run go on.</summary>
    public bool? Paused { get; init; }

    /// <summary>Tasks that run at once at the most, over all workers. At least 1.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Tasks that start at the most in a <see cref="RatePeriod"/>, over all workers. At least 1.</summary>
    public int? RateCount { get; init; }

    /// <summary>The period of <see cref="RateCount"/>. Over zero; the two belong together.</summary>
    public TimeSpan? RatePeriod { get; init; }

    /// <summary>Starts allowed at once after a quiet time; a tenth of <see cref="RateCount"/>, at least 1, where null.</summary>
    public int? RateBurst { get; init; }

    /// <summary>The time limit of its tasks that have none of their own. Over zero.</summary>
    public TimeSpan? DefaultTimeout { get; init; }

    /// <summary>How often its tasks are tried that don't say. At least 1.</summary>
    public int? DefaultMaxAttempts { get; init; }

    /// <summary>When its tasks are tried again that don't say.</summary>
    public RetryPolicy? DefaultRetry { get; init; }

    /// <summary>Where dead letters of its tasks go that don't say.</summary>
    public string? DeadLetterQueue { get; init; }

    /// <summary>How long its finished tasks are kept at least. Over zero.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>How many of its finished tasks are kept, the latest. Not negative.</summary>
    public long? RetentionCount { get; init; }

    /// <summary>True: its finished tasks are kept without end, whatever else is set.</summary>
    public bool? KeepAll { get; init; }

    /// <summary>Settings to take away, by their names here: all but <see cref="Paused"/> and <see cref="KeepAll"/>.</summary>
    public IReadOnlyCollection<string> Clear { get; init; } = [];

    private static readonly Dictionary<string, string[]> Clearable = new()
    {
        [nameof(MaxConcurrency)] = ["max_concurrency"],
        [nameof(RateCount)] = ["rate_count", "rate_period", "rate_burst"],
        [nameof(RateBurst)] = ["rate_burst"],
        [nameof(DefaultTimeout)] = ["default_timeout"],
        [nameof(DefaultMaxAttempts)] = ["default_attempts"],
        [nameof(DefaultRetry)] = ["default_retry"],
        [nameof(DeadLetterQueue)] = ["dead_letter_queue"],
        [nameof(Retention)] = ["retention"],
        [nameof(RetentionCount)] = ["retention_count"],
    };

    /// <summary>The settings in the words of the SQL function set_queue.</summary>
    /// <exception cref="QueueException">A setting is out of its range.</exception>
    internal string ToJson(string queue)
    {
        Validate(queue);
        var json = new JsonObject();
        foreach (var name in Clear)
        {
            foreach (var setting in Clearable.GetValueOrDefault(name) ?? throw new QueueException(
                QueueError.InvalidArgument, $"Clear '{name}' names no setting that can be taken away; those are {string.Join(", ", Clearable.Keys)}."))
            {
                json[setting] = null;
            }
        }

        Set("paused", Paused);
        Set("max_concurrency", MaxConcurrency);
        Set("rate_count", RateCount);
        Set("rate_period", NewTaskJson.Interval(RatePeriod));
        Set("rate_burst", RateBurst);
        Set("default_timeout", NewTaskJson.Interval(DefaultTimeout));
        Set("default_attempts", DefaultMaxAttempts);
        Set("default_retry", DefaultRetry is null ? null : JsonNode.Parse(DefaultRetry.ToJson()));
        Set("dead_letter_queue", DeadLetterQueue);
        Set("retention", NewTaskJson.Interval(Retention));
        Set("retention_count", RetentionCount);
        Set("keep_all", KeepAll);
        return json.ToJsonString();

        void Set(string name, JsonNode? value)
        {
            if (value is not null)
            {
                json[name] = value;
            }
        }
    }

    private void Validate(string queue)
    {
        Require(MaxConcurrency is null or >= 1, nameof(MaxConcurrency), MaxConcurrency, "must be at least 1");
        Require(RateCount is null or >= 1, nameof(RateCount), RateCount, "must be at least 1");
        Require(RatePeriod is null || RatePeriod > TimeSpan.Zero, nameof(RatePeriod), RatePeriod, "must be longer than zero");
        Require((RateCount is null) == (RatePeriod is null), nameof(RateCount), RateCount, "needs RatePeriod, and that needs it");
        Require(RateBurst is null or >= 1, nameof(RateBurst), RateBurst, "must be at least 1");
        Require(DefaultTimeout is null || DefaultTimeout > TimeSpan.Zero, nameof(DefaultTimeout), DefaultTimeout, "must be longer than zero");
        Require(DefaultMaxAttempts is null or >= 1, nameof(DefaultMaxAttempts), DefaultMaxAttempts, "must be at least 1");
        Require(DeadLetterQueue != queue, nameof(DeadLetterQueue), DeadLetterQueue, "must be another queue than the queue itself");
        Require(DeadLetterQueue is null or { Length: > 0 and <= 200 }, nameof(DeadLetterQueue), DeadLetterQueue, "must have 1 to 200 characters");
        Require(Retention is null || Retention > TimeSpan.Zero, nameof(Retention), Retention, "must be longer than zero");
        Require(RetentionCount is null or >= 0, nameof(RetentionCount), RetentionCount, "must not be negative");
        DefaultRetry?.Validate();

        static void Require(bool condition, string name, object? value, string rule)
        {
            if (!condition)
            {
                throw new QueueException(QueueError.InvalidArgument, $"{name} '{value}' {rule}.");
            }
        }
    }
}
