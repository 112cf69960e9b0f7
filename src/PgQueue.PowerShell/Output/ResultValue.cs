using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;

namespace PgQueue.PowerShell;

/// <summary>A method's result, which is JSON, as PowerShell's own objects.</summary>
internal static class ResultValue
{
    /// <summary>Text, numbers and booleans as themselves, arrays as object[], objects as PSCustomObject.</summary>
    public static object? FromJson(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 512 });
        return ToObject(document.RootElement);
    }

    private static object? ToObject(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => ToNumber(value),
        JsonValueKind.Array => value.EnumerateArray().Select(ToObject).ToArray(),
        JsonValueKind.Object => ToCustomObject(value),
        _ => null,
    };

    private static object ToNumber(JsonElement value)
    {
        if (value.TryGetInt32(out var small))
        {
            return small;
        }

        if (value.TryGetInt64(out var large))
        {
            return large;
        }

        return BigInteger.TryParse(value.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var huge)
            ? huge
            : value.GetDouble();
    }

    private static object ToCustomObject(JsonElement value)
    {
        var result = new PSObject();
        foreach (var property in value.EnumerateObject())
        {
            if (property.Name.Length == 0 || result.Properties[property.Name] is not null)
            {
                // PowerShell's properties have names that differ in more than case; a dictionary's keys need not.
                return value.EnumerateObject().ToDictionary(p => p.Name, p => ToObject(p.Value), StringComparer.Ordinal);
            }

            result.Properties.Add(new PSNoteProperty(property.Name, ToObject(property.Value)));
        }

        return result;
    }
}
