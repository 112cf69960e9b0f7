using System.Collections;
using System.Management.Automation;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>What the tasks of one call run, and with what; only their pipeline objects differ.</summary>
internal sealed class TaskWork
{
    private const int MaxSpec = 16 * 1024 * 1024;

    private readonly JsonObject _common;
    private readonly Func<object?, string, IEnumerable<JsonNode?>> _encode;
    private readonly List<JsonNode?> _args;

    private TaskWork(TaskKind kind, JsonObject common, object?[]? args, Func<object?, string, IEnumerable<JsonNode?>> encode)
    {
        Kind = kind;
        _common = common;
        _encode = encode;
        _args = [.. (args ?? []).SelectMany((value, i) => encode(value, $"The argument {i + 1}"))];
    }

    public TaskKind Kind { get; }

    /// <summary>The script's text, for a script.</summary>
    public string? Script { get; private init; }

    /// <summary>A name where none is given; null where there is no good one.</summary>
    public string? Name { get; private init; }

    /// <summary>Characters that the last pipeline object's arguments take.</summary>
    public int LastLength { get; private set; }

    public static TaskWork ForScript(string text, string? name, object?[]? args, IDictionary? named, JsonObject common)
    {
        AddNamed(common, named, ScriptValue.Encode);
        return new(TaskKind.Script, common, args, (value, place) => [ScriptValue.Encode(value, place)]) { Script = text, Name = name };
    }

    public static TaskWork ForMethod(object?[]? args, IDictionary? named, JsonObject common)
    {
        AddNamed(common, named, MethodValue.Encode);
        return new(TaskKind.Method, common, args, (value, place) => [MethodValue.Encode(value, place)]);
    }

    public static TaskWork ForCommand(object?[]? args, JsonObject common) =>
        new(TaskKind.Command, common, args, (value, place) => CommandText.Of(value, place).Select(text => (JsonNode?)JsonValue.Create(text)));

    /// <summary>What a task without a pipeline object runs with.</summary>
    public JsonObject Spec() => With(_args);

    /// <summary>
    /// What the task of a pipeline object runs with: the object is the first argument; of a command the last, where
    /// options come before what they are for.
    /// </summary>
    /// <exception cref="CmdletException">The object can't be stored.</exception>
    public JsonObject Spec(object? input)
    {
        var own = _encode(input, "The pipeline object");
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

    private static void AddNamed(JsonObject common, IDictionary? named, Func<object?, string, JsonNode?> encode)
    {
        if (named is not { Count: > 0 })
        {
            return;
        }

        var result = new JsonObject();
        foreach (DictionaryEntry entry in named)
        {
            var name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            result[name] = encode(entry.Value, $"The parameter {name}");
        }

        common["params"] = result;
    }
}
