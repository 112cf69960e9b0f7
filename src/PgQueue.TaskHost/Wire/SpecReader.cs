using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Wire;

/// <summary>
/// Reads what a task is to run. By hand: the serialiser, even a generated one, has 450 methods compiled for it at
/// start-up, 40 ms of processor time for each child.
/// </summary>
internal static class SpecReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 256 };

    /// <exception cref="TaskSetupException">The spec is not one of a script.</exception>
    public static ScriptSpec Script(SpecMembers spec) => Checked(() => new ScriptSpec
    {
        Args = List(spec, "args"),
        Params = Dictionary(spec, "params"),
        Using = Dictionary(spec, "using"),
        File = Text(spec, "file"),
        Modules = Texts(spec, "modules"),
        Cwd = Text(spec, "cwd"),
        Env = Variables(spec),
    });

    /// <exception cref="TaskSetupException">The spec is not one of a method.</exception>
    public static MethodSpec Method(SpecMembers spec) => Checked(() => new MethodSpec
    {
        Assembly = Text(spec, "assembly") ?? throw new InvalidDataException("It names no assembly."),
        Method = Text(spec, "method") ?? throw new InvalidDataException("It names no method."),
        Args = List(spec, "args"),
        Params = Dictionary(spec, "params"),
        Cwd = Text(spec, "cwd"),
        Env = Variables(spec),
    });

    /// <summary>Values by name, from JSON.</summary>
    /// <exception cref="TaskSetupException">It is no JSON object.</exception>
    public static IReadOnlyDictionary<string, JsonElement> Values(string json) => Checked(() => Members(Parse(json)));

    private static T Checked<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or JsonException)
        {
            throw new TaskSetupException($"What the task should run was not understood: {e.Message}", e);
        }
    }

    private static string? Text(SpecMembers spec, string name) => spec.Find(name) switch
    {
        null => null,
        { IsText: true, Value: var text } => text,
        { Value: var json } => throw new InvalidDataException($"Its '{name}' is no text but {json}."),
    };

    private static JsonElement? Json(SpecMembers spec, string name) => spec.Find(name) switch
    {
        null => null,
        { IsText: false, Value: var json } => Parse(json),
        { Value: var text } => throw new InvalidDataException($"Its '{name}' is the text '{text}'."),
    };

    // Never disposed: the task's arguments are read out of it later.
    private static JsonElement Parse(string json) => JsonDocument.Parse(json, Options).RootElement;

    private static JsonElement[]? List(SpecMembers spec, string name) => Json(spec, name) is { } list ? [.. list.EnumerateArray()] : null;

    private static List<string>? Texts(SpecMembers spec, string name)
    {
        if (Json(spec, name) is not { } list)
        {
            return null;
        }

        var texts = new List<string>();
        foreach (var item in list.EnumerateArray())
        {
            texts.Add(item.GetString()!);
        }

        return texts;
    }

    private static Dictionary<string, JsonElement>? Dictionary(SpecMembers spec, string name) => Json(spec, name) is { } members ? Members(members) : null;

    private static Dictionary<string, JsonElement> Members(JsonElement members)
    {
        var values = new Dictionary<string, JsonElement>();
        foreach (var member in members.EnumerateObject())
        {
            values[member.Name] = member.Value;
        }

        return values;
    }

    private static Dictionary<string, string?>? Variables(SpecMembers spec)
    {
        if (Json(spec, "env") is not { } members)
        {
            return null;
        }

        var values = new Dictionary<string, string?>();
        foreach (var member in members.EnumerateObject())
        {
            values[member.Name] = member.Value.GetString();
        }

        return values;
    }
}
