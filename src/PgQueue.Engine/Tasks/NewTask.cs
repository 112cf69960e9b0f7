using System.Text.Json;
using System.Text.Json.Nodes;

namespace PgQueue;

/// <summary>A task to add. What is null takes the queue's default, else the one named here.</summary>
public sealed record NewTask
{
    internal const int DefaultMaxLost = 3;

    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(3650);

    /// <summary>What it runs.</summary>
    public TaskKind? Kind { get; init; }

    /// <summary>The script's text, for a script.</summary>
    public string? Script { get; init; }

    /// <summary>What it runs and with which arguments; see docs/architecture.md for its properties by kind.</summary>
    public JsonObject? Spec { get; init; }

    /// <summary>The queue; <c>default</c> where null. One that doesn't exist is made.</summary>
    public string? Queue { get; init; }

    /// <summary>The higher runs first; <see cref="TaskPriority.Normal"/> where null.</summary>
    public int? Priority { get; init; }

    /// <summary>A name to find it by.</summary>
    public string? Name { get; init; }

    /// <summary>Tags to find it by.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The time limit of each run; none where null. Over zero.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The memory limit of each run, its whole process tree together, in bytes; none where null.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>
    /// How many processes each run may have at once, all that it started counted; the worker's
    /// <see cref="WorkerOptions.ProcessLimit"/> where null. At least 1. Kept by workers on Linux only.
    /// </summary>
    public int? ProcessLimit { get; init; }

    /// <summary>How often it is tried at the most; once where null.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How many runs may be lost with their worker before it counts as failed; 3 where null.</summary>
    public int? MaxLost { get; init; }

    /// <summary>When to try again after a failure.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Not before this time; at once where null. Not together with <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Not before so long from now, by the database's clock.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The caller's own id for it, unique until the task is cleared: adding a second is an error.</summary>
    public string? ClientId { get; init; }

    /// <summary>While an unfinished task has this key, adding another returns the first.</summary>
    public string? DedupeKey { get; init; }

    /// <summary>A group of its queue: at most one task of a group runs at a time, over all workers, in their order.</summary>
    public string? Group { get; init; }

    /// <summary>The order within the group; <see cref="GroupOrder.Fifo"/> where null. Needs <see cref="Group"/>.</summary>
    public GroupOrder? GroupOrder { get; init; }

    /// <summary>Tasks that must complete first. When one of them ends otherwise, this one ends canceled.</summary>
    public IReadOnlyList<long>? After { get; init; }

    /// <summary>Tasks that must end first, however they end.</summary>
    public IReadOnlyList<long>? AfterAny { get; init; }

    /// <summary>The queue that gets a dead letter when the task has failed for good. One that doesn't exist is made, paused.</summary>
    public string? DeadLetterQueue { get; init; }

    /// <summary>Not worth starting any more at this time: it ends canceled then. Not together with <see cref="ExpireAfter"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Not worth starting any more after so long from now, by the database's clock. Over zero.</summary>
    public TimeSpan? ExpireAfter { get; init; }

    /// <summary>A script task.</summary>
    /// <param name="script">The script's text, <c>param()</c> block included.</param>
    /// <param name="args">Arguments by position.</param>
    public static NewTask ForScript(string script, params JsonNode?[] args) => new()
    {
        Kind = TaskKind.Script,
        Script = script,
        Spec = args.Length == 0 ? null : new JsonObject { ["args"] = new JsonArray(args) },
    };

    /// <summary>A .NET method task.</summary>
    /// <param name="assembly">The assembly's path, as the worker sees it.</param>
    /// <param name="method"><c>Namespace.Type::Method</c>, public and static.</param>
    /// <param name="args">Arguments by position.</param>
    public static NewTask ForMethod(string assembly, string method, params JsonNode?[] args) => new()
    {
        Kind = TaskKind.Method,
        Spec = new JsonObject { ["assembly"] = assembly, ["method"] = method, ["args"] = new JsonArray(args) },
    };

    /// <summary>A task that a worker runs in its own process, by one of its <see cref="WorkerOptions.Handlers"/>.</summary>
    /// <param name="handler">The handler's name.</param>
    /// <param name="args">Arguments by position.</param>
    public static NewTask ForHandler(string handler, params JsonNode?[] args) => new()
    {
        Kind = TaskKind.Method,
        Spec = new JsonObject { ["method"] = handler, ["args"] = new JsonArray(args) },
    };

    /// <summary>A command task.</summary>
    /// <param name="file">The executable's path, or its name to be found in the worker's PATH.</param>
    /// <param name="args">Its arguments, one each; no shell reads them.</param>
    public static NewTask ForCommand(string file, params string[] args) => new()
    {
        Kind = TaskKind.Command,
        Spec = new JsonObject { ["file"] = file, ["args"] = new JsonArray([.. args.Select(a => JsonValue.Create(a))]) },
    };

    /// <exception cref="QueueException">A setting is out of its range, or two exclude each other.</exception>
    internal void Validate()
    {
        Require(RunAt is null || Delay is null, nameof(Delay), Delay, "can't be given together with RunAt; give one of them");
        Require(Timeout is null || Timeout > TimeSpan.Zero, nameof(Timeout), Timeout, "must be longer than zero");
        Require(Timeout is null || Timeout <= LongestTimeout, nameof(Timeout), Timeout, "must be 3650 days at the most");
        Require(Delay is null || Delay >= TimeSpan.Zero, nameof(Delay), Delay, "must not be negative");
        Require(MemoryLimit is null or > 0, nameof(MemoryLimit), MemoryLimit, "must be over zero bytes");
        Require(ProcessLimit is null or >= 1, nameof(ProcessLimit), ProcessLimit, "must be at least 1");
        Require(MaxAttempts is null or >= 1, nameof(MaxAttempts), MaxAttempts, "must be at least 1");
        Require(MaxLost is null or >= 0, nameof(MaxLost), MaxLost, "must not be negative");
        Require(Queue is null || (Queue.Length is > 0 and <= 200), nameof(Queue), Queue, "must have 1 to 200 characters");
        Require(Name is not "", nameof(Name), Name, "must not be empty");
        Require(ClientId is null or { Length: > 0 and <= 500 }, nameof(ClientId), ClientId, "must have 1 to 500 characters");
        Require(DedupeKey is null or { Length: > 0 and <= 500 }, nameof(DedupeKey), DedupeKey, "must have 1 to 500 characters");
        Require(Group is null or { Length: > 0 and <= 500 }, nameof(Group), Group, "must have 1 to 500 characters");
        Require(DeadLetterQueue is null or { Length: > 0 and <= 200 }, nameof(DeadLetterQueue), DeadLetterQueue, "must have 1 to 200 characters");
        ValidateText();
        ValidateTurn();

        Retry?.Validate();
        ValidateKind();
    }

    private void ValidateText()
    {
        foreach (var (field, value) in new[]
        {
            (nameof(Script), Script), (nameof(Queue), Queue), (nameof(Name), Name), (nameof(ClientId), ClientId),
            (nameof(DedupeKey), DedupeKey), (nameof(Group), Group), (nameof(DeadLetterQueue), DeadLetterQueue),
        })
        {
            Require(value?.Contains('\0', StringComparison.Ordinal) is not true, field, "…\\0…", "has a NUL character, which PostgreSQL can't store");
        }
    }

    private void ValidateTurn()
    {
        Require(GroupOrder is null || Group is not null || IsPart, nameof(GroupOrder), GroupOrder, "needs a Group");
        Require(ExpiresAt is null || ExpireAfter is null, nameof(ExpireAfter), ExpireAfter, "can't be given together with ExpiresAt; give one of them");
        Require(ExpireAfter is null || ExpireAfter > TimeSpan.Zero, nameof(ExpireAfter), ExpireAfter, "must be longer than zero");
        Require(ExpireAfter is null || Delay is null || ExpireAfter > Delay, nameof(ExpireAfter), ExpireAfter, $"must be longer than the Delay {Delay}: it would expire before it could run");
        Require(ExpiresAt is null || RunAt is null || ExpiresAt > RunAt, nameof(ExpiresAt), ExpiresAt, $"must be later than RunAt {RunAt}: it would expire before it could run");
        Require(DeadLetterQueue is null || DeadLetterQueue != (Queue ?? (IsPart ? null : "default")), nameof(DeadLetterQueue), DeadLetterQueue, "must be another queue than the task's own");
    }

    /// <summary>It is to be completed by the settings that tasks share, or completes them.</summary>
    private bool IsPart => Kind is null;

    private void ValidateKind()
    {
        switch (Kind)
        {
            case TaskKind.Script:
                Require(Script is not null || Spec?.ContainsKey("file") is true, nameof(Script), Script, "is needed for a script task");
                break;
            case TaskKind.Method:
                RequireText("method");
                Require(Spec?["assembly"] is null || IsText("assembly"), "Spec.assembly", Spec?["assembly"]?.ToJsonString(), "must be a path");
                break;
            case TaskKind.Command:
                RequireText("file");
                break;
            case null:
                break;
            default:
                Require(false, nameof(Kind), Kind, "is not a kind of task");
                break;
        }

        Require(Kind is TaskKind.Script or null || Script is null, nameof(Script), "…", $"belongs to a script task, not to one of kind {Kind}");
    }

    private void RequireText(string property) =>
        Require(IsText(property), "Spec." + property, Spec?[property]?.ToJsonString(), $"is needed for a {Kind} task");

    private bool IsText(string property) =>
        Spec?[property] is JsonValue v && v.GetValueKind() == JsonValueKind.String && v.GetValue<string>().Length > 0;

    private static void Require(bool condition, string name, object? value, string rule)
    {
        if (!condition)
        {
            throw new QueueException(QueueError.InvalidArgument, $"{name} '{value}' {rule}.");
        }
    }
}
