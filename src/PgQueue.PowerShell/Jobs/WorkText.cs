using System.Text.Json;

namespace PgQueue.PowerShell;

/// <summary>What a task runs, as text.</summary>
internal static class WorkText
{
    /// <summary>A script's text, a method's name, a command with its arguments.</summary>
    public static string Of(QueueTask task)
    {
        if (task.Script is { } script)
        {
            return script.Trim();
        }

        using var spec = JsonDocument.Parse(task.Spec);
        return task.Kind == TaskKind.Method
            ? Text(spec.RootElement, "method")
            : string.Join(' ', [Text(spec.RootElement, "file"), .. Arguments(spec.RootElement)]);
    }

    // What a SQL caller has written need not be complete.
    private static string Text(JsonElement spec, string name) =>
        spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty(name, out var value) ? value.ToString() : "";

    private static IEnumerable<string> Arguments(JsonElement spec) =>
        spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty("args", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(argument => argument.ToString())
            : [];
}
