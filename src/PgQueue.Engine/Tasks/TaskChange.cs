using System.Text.Json.Nodes;

namespace PgQueue;

/// <summary>What to change of waiting tasks. What is null stays; what <see cref="Clear"/> names is taken away.</summary>
public sealed record TaskChange
{
    /// <summary>Another queue. One that doesn't exist is made.</summary>
    public string? Queue { get; init; }

    /// <summary>Another priority.</summary>
    public int? Priority { get; init; }

    /// <summary>Another name.</summary>
    public string? Name { get; init; }

    /// <summary>Other tags in place of all it has.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Another time limit. Over zero.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Another memory limit in bytes. Over zero.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Another number of processes that each run may have at once. At least 1.</summary>
    public int? ProcessLimit { get; init; }

    /// <summary>How often it is tried at the most. At least 1.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How many runs may be lost with their worker before it counts as failed. At least 0.</summary>
    public int? MaxLost { get; init; }

    /// <summary>When to try again after a failure.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Not before this time; in the past, at once. Not together with <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Not before so long from now, by the database's clock.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The queue that gets a dead letter when it has failed for good.</summary>
    public string? DeadLetterQueue { get; init; }

    /// <summary>Not worth starting any more at this time.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Not worth starting any more after so long from now.</summary>
    public TimeSpan? ExpireAfter { get; init; }

    /// <summary>Other arguments by position, in the words of the spec.</summary>
    public JsonArray? Args { get; init; }

    /// <summary>Other arguments by name, in the words of the spec.</summary>
    public JsonObject? Parameters { get; init; }

    /// <summary>
    /// Settings to take away: some of <see cref="Name"/>, <see cref="Tags"/>, <see cref="Timeout"/>,
    /// <see cref="MemoryLimit"/>, <see cref="ProcessLimit"/>, <see cref="Retry"/>, <see cref="DeadLetterQueue"/> and
    /// <see cref="ExpiresAt"/>.
    /// </summary>
    public IReadOnlyCollection<string> Clear { get; init; } = [];

    private static readonly Dictionary<string, string> Clearable = new()
    {
        [nameof(Name)] = "name",
        [nameof(Tags)] = "tags",
        [nameof(Timeout)] = "timeout",
        [nameof(MemoryLimit)] = "memory_limit",
        [nameof(ProcessLimit)] = "process_limit",
        [nameof(Retry)] = "retry",
        [nameof(DeadLetterQueue)] = "dead_letter_queue",
        [nameof(ExpiresAt)] = "expires_at",
    };

    /// <summary>The change in the words of the SQL function change_tasks.</summary>
    /// <exception cref="QueueException">A setting is out of its range, or nothing is to change.</exception>
    internal string ToJson()
    {
        // What tasks are added with and what is changed of them is checked and written in one place.
        var settings = new NewTask
        {
            Queue = Queue,
            Priority = Priority,
            Name = Name,
            Tags = Tags,
            Timeout = Timeout,
            MemoryLimit = MemoryLimit,
            ProcessLimit = ProcessLimit,
            MaxAttempts = MaxAttempts,
            MaxLost = MaxLost,
            Retry = Retry,
            RunAt = RunAt,
            Delay = Delay,
            DeadLetterQueue = DeadLetterQueue,
            ExpiresAt = ExpiresAt,
            ExpireAfter = ExpireAfter,
        };
        settings.Validate();
        var json = JsonNode.Parse(NewTaskJson.Object(settings))!.AsObject();
        if (Args is not null)
        {
            json["args"] = Args.DeepClone();
        }

        if (Parameters is not null)
        {
            json["params"] = Parameters.DeepClone();
        }

        foreach (var name in Clear)
        {
            json[Clearable.GetValueOrDefault(name) ?? throw new QueueException(
                QueueError.InvalidArgument, $"Clear '{name}' names no setting that can be taken away; those are {string.Join(", ", Clearable.Keys)}.")] = null;
        }

        return json.Count > 0 ? json.ToJsonString() : throw new QueueException(
            QueueError.InvalidArgument, "Nothing is to change: name at least one setting.");
    }
}
