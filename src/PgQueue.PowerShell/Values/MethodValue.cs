using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>A method's argument as JSON: what the method's parameter types are converted from.</summary>
internal static class MethodValue
{
    /// <summary>What is stored for a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="place">What it is, for an error's text.</param>
    /// <exception cref="CmdletException">JSON can't carry it.</exception>
    public static JsonNode? Encode(object? value, string place)
    {
        ValueShape.Check(value, place);
        return ToJson(value, place);
    }

    private static JsonNode? ToJson(object? value, string place)
    {
        var inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        return inner switch
        {
            null => null,
            string text => OfText(text, place),
            char letter => OfText(letter.ToString(), place),
            bool flag => JsonValue.Create(flag),
            Enum name => JsonValue.Create(name.ToString()),
            double number when !double.IsFinite(number) => throw NotJson(value, place),
            float number when !float.IsFinite(number) => throw NotJson(value, place),
            sbyte or byte or short or ushort or int or uint or long or ulong or decimal or double or float or BigInteger =>
                JsonNode.Parse(((IFormattable)inner).ToString(null, CultureInfo.InvariantCulture)),
            DateTime time => JsonValue.Create(time),
            DateTimeOffset time => JsonValue.Create(time),
            TimeSpan time => JsonValue.Create(time.ToString("c", CultureInfo.InvariantCulture)),
            Guid or Uri or Version => JsonValue.Create(inner.ToString()),
            FileSystemInfo file => OfText(file.FullName, place),
            byte[] bytes => JsonValue.Create(Convert.ToBase64String(bytes)),
            IDictionary dictionary => OfPairs(dictionary.Keys.Cast<object>().Select(k => (KeyOf(k), dictionary[k])), place),
            IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(item => ToJson(item, place))]),
            PSCustomObject => OfPairs(((PSObject)value!).Properties.Select(p => (p.Name, (object?)p.Value)), place),
            _ => throw NotJson(value, place),
        };
    }

    private static JsonObject OfPairs(IEnumerable<(string Name, object? Value)> pairs, string place)
    {
        var result = new JsonObject();
        foreach (var (name, value) in pairs)
        {
            result[name] = ToJson(value, place);
        }

        return result;
    }

    private static JsonValue OfText(string text, string place) => PlainJson.IsStorable(text)
        ? JsonValue.Create(text)
        : throw CmdletException.Of(
            "ValueNotStorable", ErrorCategory.InvalidData, $"{place} has a NUL character or half a surrogate pair, which can't be stored.", text);

    private static string KeyOf(object key) => Convert.ToString(key, CultureInfo.InvariantCulture)!;

    private static CmdletException NotJson(object? value, string place) => CmdletException.Of(
        "ValueNotStorable",
        ErrorCategory.InvalidType,
        $"{place} is a {(value is PSObject p ? p.BaseObject : value)!.GetType().FullName}, which JSON can't carry to a method. Pass strings, numbers, booleans, times, and lists and hashtables of them.",
        value);
}
