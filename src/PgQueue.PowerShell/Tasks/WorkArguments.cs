using System.Collections;
using System.Management.Automation;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>A task's arguments as they are stored, each kind of task having its own way.</summary>
internal static class WorkArguments
{
    /// <summary>One value; a command may get several arguments of it.</summary>
    /// <param name="kind">What the task runs.</param>
    /// <param name="value">The value.</param>
    /// <param name="place">What it is, for an error's text.</param>
    /// <exception cref="CmdletException">It can't be stored.</exception>
    public static IEnumerable<JsonNode?> Encode(TaskKind kind, object? value, string place) => kind switch
    {
        TaskKind.Script => [ScriptValue.Encode(value, place)],
        TaskKind.Method => [MethodValue.Encode(value, place)],
        _ => CommandText.Of(value, place).Select(text => (JsonNode?)JsonValue.Create(text)),
    };

    /// <summary>Arguments by position.</summary>
    /// <exception cref="CmdletException">One can't be stored.</exception>
    public static List<JsonNode?> ByPosition(TaskKind kind, object?[]? args) =>
        [.. (args ?? []).SelectMany((value, i) => Encode(kind, value, $"The argument {i + 1}"))];

    /// <summary>Arguments by name, which a script or a method has.</summary>
    /// <exception cref="CmdletException">One can't be stored.</exception>
    public static JsonObject ByName(TaskKind kind, IDictionary named)
    {
        var result = new JsonObject();
        foreach (DictionaryEntry entry in named)
        {
            var name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            result[name] = Encode(kind, entry.Value, $"The parameter {name}").Single();
        }

        return result;
    }
}
