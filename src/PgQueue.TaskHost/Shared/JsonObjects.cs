using System.Collections.Specialized;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;

namespace PgQueue.Shared;

/// <summary>JSON as PowerShell's own objects: a task's arguments in its child, a method's result in the module.</summary>
internal static class JsonObjects
{
    /// <summary>Strings, numbers and booleans as themselves, arrays as object[], objects as PSCustomObject.</summary>
    /// <param name="value">The value.</param>
    /// <param name="special">What else an object may stand for; false where it is just an object.</param>
    public static object? ToObject(JsonElement value, SpecialObject? special = null) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => ToNumber(value),
        JsonValueKind.Array => value.EnumerateArray().Select(v => ToObject(v, special)).ToArray(),
        JsonValueKind.Object => special is not null && special(value, out var meant) ? meant : ToCustomObject(value, special),
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

    private static object ToCustomObject(JsonElement value, SpecialObject? special)
    {
        var result = new PSObject();
        foreach (var property in value.EnumerateObject())
        {
            if (property.Name.Length == 0 || result.Properties[property.Name] is not null)
            {
                // PowerShell's properties have names, and differ in more than case.
                return ToDictionary(value, special);
            }

            result.Properties.Add(new PSNoteProperty(property.Name, ToObject(property.Value, special)), preValidated: true);
        }

        return result;
    }

    private static OrderedDictionary ToDictionary(JsonElement value, SpecialObject? special)
    {
        var result = new OrderedDictionary(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            result[property.Name] = ToObject(property.Value, special);
        }

        return result;
    }
}

/// <summary>What a JSON object stands for, where it is more than an object.</summary>
internal delegate bool SpecialObject(JsonElement value, out object? meant);
