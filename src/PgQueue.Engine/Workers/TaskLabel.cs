using System.Text.Json;

namespace PgQueue;

/// <summary>What a task runs, and a short text to know it by: its name, else that.</summary>
internal static class TaskLabel
{
    private const int Longest = 60;

    // As deep as the database stores it.
    private static readonly JsonDocumentOptions s_anyDepth = new() { MaxDepth = int.MaxValue };

    public static string Of(ClaimedTask task) => Shorten(task.Name ?? Work(task.Kind, task.Script, task.Spec, withArguments: false));

    /// <summary>A command's arguments tell more than its name, where there is room.</summary>
    public static string Of(QueueTask task) => Shorten(task.Name ?? Work(task));

    /// <summary>What it runs, in full: a script's text, a method's name, a command with its arguments.</summary>
    public static string Work(QueueTask task) => Work(task.Kind, task.Script, task.Spec, withArguments: task.Kind == TaskKind.Command);

    public static string Shorten(string text)
    {
        var line = string.Join(' ', PlainText.Of(text).Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= Longest ? line : line[..(Longest - 1)] + "…";
    }

    private static string Work(TaskKind kind, string? script, string spec, bool withArguments)
    {
        if (kind == TaskKind.Script && script is not null)
        {
            return script.Trim();
        }

        using var json = JsonDocument.Parse(spec, s_anyDepth);
        var what = Text(json.RootElement, kind == TaskKind.Method ? "method" : "file");
        return withArguments ? string.Join(' ', [what, .. Arguments(json.RootElement)]) : what;
    }

    // What a SQL caller has written need not be complete.
    private static string Text(JsonElement spec, string name) =>
        spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "?";

    private static IEnumerable<string> Arguments(JsonElement spec) =>
        spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty("args", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(argument => argument.ToString())
            : [];
}
