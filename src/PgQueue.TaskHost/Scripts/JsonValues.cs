using System.Collections.Specialized;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;
using System.Xml;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>JSON as PowerShell's own objects.</summary>
internal static class JsonValues
{
    /// <summary>
    /// Strings, numbers and booleans as themselves, arrays as object[], objects as PSCustomObject, and what was kept as
    /// CLIXML as it was.
    /// </summary>
    /// <exception cref="TaskSetupException">The CLIXML can't be read.</exception>
    public static object? ToObject(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => ToNumber(value),
        JsonValueKind.Array => value.EnumerateArray().Select(ToObject).ToArray(),
        JsonValueKind.Object => value.GetPropertyCount() == 1 && value.TryGetProperty(ScriptSpec.ClixmlProperty, out var clixml)
            ? FromClixml(clixml.GetString()!)
            : ToCustomObject(value),
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
                // PowerShell's properties have names, and differ in more than case.
                return ToDictionary(value);
            }

            result.Properties.Add(new PSNoteProperty(property.Name, ToObject(property.Value)), preValidated: true);
        }

        return result;
    }

    private static OrderedDictionary ToDictionary(JsonElement value)
    {
        var result = new OrderedDictionary(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            result[property.Name] = ToObject(property.Value);
        }

        return result;
    }

    private static object? FromClixml(string clixml)
    {
        try
        {
            return PSSerializer.Deserialize(clixml);
        }
        catch (Exception e) when (e is XmlException or RuntimeException or InvalidOperationException)
        {
            throw new TaskSetupException($"An argument that was kept as CLIXML can't be read: {e.Message}", e);
        }
    }
}
