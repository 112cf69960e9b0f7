using System.Text.Json;
using PgQueue.Shared;

namespace PgQueue.PowerShell;

/// <summary>A method's result, which is JSON, as PowerShell's own objects.</summary>
internal static class ResultValue
{
    /// <summary>Text, numbers and booleans as themselves, arrays as object[], objects as PSCustomObject.</summary>
    public static object? FromJson(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 512 });
        return JsonObjects.ToObject(document.RootElement);
    }
}
