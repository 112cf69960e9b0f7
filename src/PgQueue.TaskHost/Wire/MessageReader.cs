using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Wire;

/// <summary>
/// Reads the worker's messages, and the specs in them. By hand: the serialiser, even a generated one, has 450 methods
/// compiled for it at start-up, 40 ms of processor time for each child.
/// </summary>
internal static class MessageReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 256 };

    /// <summary>A message of the worker's: a task to run, the word to stop, or an answer about tasks that were to be added.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such a message.</exception>
    public static Message Read(byte[] frame)
    {
        try
        {
            // Never disposed: the task's arguments are read out of it later.
            var root = JsonDocument.Parse(frame, Options).RootElement;
            return new Message
            {
                Run = root.TryGetProperty("run", out var run) ? Run(run) : null,
                Stop = root.TryGetProperty("stop", out var stop) ? new StopTask { Reason = Text(stop, "reason") ?? string.Empty } : null,
                Added = root.TryGetProperty("added", out var added) ? Added(added) : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException("A frame that is not a message: " + e.Message, e);
        }
    }

    /// <exception cref="TaskSetupException">The spec is not one of a script.</exception>
    public static ScriptSpec Script(JsonElement spec) => Checked(() => new ScriptSpec
    {
        Args = List(spec, "args"),
        Params = Dictionary(spec, "params"),
        Using = Dictionary(spec, "using"),
        File = Text(spec, "file"),
        Modules = Member(spec, "modules") is { } modules ? Texts(modules) : null,
        Cwd = Text(spec, "cwd"),
        Env = Variables(spec),
    });

    /// <exception cref="TaskSetupException">The spec is not one of a method.</exception>
    public static MethodSpec Method(JsonElement spec) => Checked(() => new MethodSpec
    {
        Assembly = spec.GetProperty("assembly").GetString()!,
        Method = spec.GetProperty("method").GetString()!,
        Args = List(spec, "args"),
        Params = Dictionary(spec, "params"),
        Cwd = Text(spec, "cwd"),
        Env = Variables(spec),
    });

    private static T Checked<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException)
        {
            throw new TaskSetupException($"What the task should run was not understood: {e.Message}", e);
        }
    }

    private static RunTask Run(JsonElement run) => new()
    {
        Id = run.GetProperty("id").GetInt64(),
        Run = run.GetProperty("run").GetInt32(),
        Attempt = run.GetProperty("attempt").GetInt32(),
        MaxAttempts = run.GetProperty("maxAttempts").GetInt32(),
        Name = Text(run, "name"),
        Queue = run.GetProperty("queue").GetString()!,
        Priority = run.GetProperty("priority").GetInt32(),
        Schedule = Text(run, "schedule"),
        Tick = Member(run, "tick")?.GetDateTimeOffset(),
        Worker = run.GetProperty("worker").GetString()!,
        Deadline = Member(run, "deadline")?.GetDateTimeOffset(),
        Kind = run.GetProperty("kind").GetString()!,
        Script = Text(run, "script"),
        Spec = run.GetProperty("spec"),
        Inputs = Member(run, "inputs"),
        Hooks = Member(run, "hooks") is { } hooks ? Hooks(hooks) : null,
    };

    private static TaskHooks Hooks(JsonElement hooks) => new()
    {
        Before = Text(hooks, "before"),
        After = Text(hooks, "after"),
        Using = Dictionary(hooks, "using"),
        Alone = Member(hooks, "alone")?.GetBoolean() ?? false,
        Error = Member(hooks, "error") is { } error ? Error(error) : null,
    };

    private static ErrorDetail Error(JsonElement error) => new()
    {
        Message = error.GetProperty("message").GetString()!,
        Type = Text(error, "type"),
        Category = Text(error, "category"),
        ErrorId = Text(error, "errorId"),
        Target = Text(error, "target"),
        Position = Text(error, "position"),
        ScriptStackTrace = Text(error, "scriptStackTrace"),
        StackTrace = Text(error, "stackTrace"),
    };

    private static TasksAdded Added(JsonElement added) => new()
    {
        Id = added.GetProperty("id").GetInt64(),
        Rows = Member(added, "rows"),
        Error = Member(added, "error") is { } error
            ? new AddError
            {
                Error = error.GetProperty("error").GetString()!,
                Message = error.GetProperty("message").GetString()!,
                TaskId = Member(error, "taskId")?.GetInt64(),
            }
            : null,
    };

    private static JsonElement? Member(JsonElement of, string name) =>
        of.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    private static string? Text(JsonElement of, string name) => Member(of, name)?.GetString();

    private static JsonElement[]? List(JsonElement of, string name)
    {
        if (Member(of, name) is not { } list)
        {
            return null;
        }

        var items = new JsonElement[list.GetArrayLength()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = list[i];
        }

        return items;
    }

    private static List<string> Texts(JsonElement list)
    {
        var texts = new List<string>();
        foreach (var item in list.EnumerateArray())
        {
            texts.Add(item.GetString()!);
        }

        return texts;
    }

    private static Dictionary<string, JsonElement>? Dictionary(JsonElement of, string name)
    {
        if (Member(of, name) is not { } members)
        {
            return null;
        }

        var values = new Dictionary<string, JsonElement>();
        foreach (var member in members.EnumerateObject())
        {
            values[member.Name] = member.Value;
        }

        return values;
    }

    private static Dictionary<string, string?>? Variables(JsonElement of)
    {
        if (Member(of, "env") is not { } members)
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
