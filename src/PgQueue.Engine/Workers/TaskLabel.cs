using System.Text.Json;

namespace PgQueue;

/// <summary>A short text to know a task by: its name, else what it runs.</summary>
internal static class TaskLabel
{
    private const int Longest = 60;

    public static string Of(ClaimedTask task) => Shorten(task.Name ?? task.Kind switch
    {
        TaskKind.Script => task.Script ?? Property(task.Spec, "file"),
        TaskKind.Method => Property(task.Spec, "method"),
        _ => Property(task.Spec, "file"),
    });

    /// <summary>A command's arguments tell more than its name, where there is room.</summary>
    public static string Of(QueueTask task) => Shorten(task.Name ?? task.Kind switch
    {
        TaskKind.Script => task.Script ?? Property(task.Spec, "file"),
        TaskKind.Method => Property(task.Spec, "method"),
        _ => $"{Property(task.Spec, "file")} {Arguments(task.Spec)}",
    });

    public static string Shorten(string text)
    {
        // A terminal obeys control characters, whoever has written them.
        var plain = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        var line = string.Join(' ', plain.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= Longest ? line : line[..(Longest - 1)] + "…";
    }

    private static string Arguments(string spec)
    {
        using var json = JsonDocument.Parse(spec, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        return json.RootElement.ValueKind == JsonValueKind.Object
            && json.RootElement.TryGetProperty("args", out var list)
            && list.ValueKind == JsonValueKind.Array
                ? string.Join(' ', list.EnumerateArray())
                : "";
    }

    private static string Property(string spec, string name)
    {
        using var json = JsonDocument.Parse(spec, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        return json.RootElement.ValueKind == JsonValueKind.Object
            && json.RootElement.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : "?";
    }
}
