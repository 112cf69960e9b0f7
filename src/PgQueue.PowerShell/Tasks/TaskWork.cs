using System.Collections;
using System.Management.Automation;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>What the tasks of one call run, and with what; only their pipeline objects differ.</summary>
internal sealed class TaskWork
{
    private const int MaxSpec = 16 * 1024 * 1024;

    private readonly JsonObject _common;
    private readonly List<JsonNode?> _args;

    private TaskWork(TaskKind kind, JsonObject common, object?[]? args, IDictionary? named)
    {
        Kind = kind;
        _common = common;
        _args = WorkArguments.ByPosition(kind, args);
        if (named is { Count: > 0 })
        {
            common["params"] = WorkArguments.ByName(kind, named);
        }
    }

    public TaskKind Kind { get; }

    /// <summary>The script's text, for a script.</summary>
    public string? Script { get; private init; }

    /// <summary>A name where none is given; null where there is no good one.</summary>
    public string? Name { get; private init; }

    /// <summary>Characters that the last pipeline object's arguments take.</summary>
    public int LastLength { get; private set; }

    public static TaskWork ForScript(string text, string? name, object?[]? args, IDictionary? named, JsonObject common) =>
        new(TaskKind.Script, common, args, named) { Script = text, Name = name };

    public static TaskWork ForMethod(object?[]? args, IDictionary? named, JsonObject common) => new(TaskKind.Method, common, args, named);

    public static TaskWork ForCommand(object?[]? args, JsonObject common) => new(TaskKind.Command, common, args, null);

    /// <summary>What a task without a pipeline object runs with.</summary>
    public JsonObject Spec() => With(_args);

    /// <summary>
    /// What the task of a pipeline object runs with: the object is the first argument; of a command the last, where
    /// options come before what they are for.
    /// </summary>
    /// <param name="input">The object.</param>
    /// <param name="number">Which one it is, for an error's text.</param>
    /// <exception cref="CmdletException">The object can't be stored.</exception>
    public JsonObject Spec(object? input, long number)
    {
        var own = WorkArguments.Encode(Kind, input, $"The pipeline object {number}");
        var spec = With(Kind == TaskKind.Command ? [.. _args, .. own] : [.. own, .. _args]);
        LastLength = spec.ToJsonString().Length;
        return LastLength <= MaxSpec ? spec : throw CmdletException.Of(
            "ValueTooLarge",
            ErrorCategory.LimitsExceeded,
            $"A task's arguments may take {MaxSpec / 1024 / 1024} MB, these take more. Put the data where the task can read it, and pass its place.",
            input);
    }

    private JsonObject With(IEnumerable<JsonNode?> args)
    {
        var spec = (JsonObject)_common.DeepClone();
        if (new JsonArray([.. args.Select(a => a?.Parent is null ? a : a.DeepClone())]) is { Count: > 0 } array)
        {
            spec["args"] = array;
        }

        return spec;
    }
}
