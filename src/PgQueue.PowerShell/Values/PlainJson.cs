using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>
/// Values that come back from a jsonb column as the very same: strings, booleans, numbers of the types that a script
/// reads from JSON, and arrays and custom objects of them. jsonb drops an exponent and sorts an object's names.
/// </summary>
internal static class PlainJson
{
    private const string ReservedName = "$clixml";

    /// <returns>False where JSON would change the value, or can't carry it.</returns>
    public static bool TryEncode(object? value, out JsonNode? json)
    {
        var inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        json = inner switch
        {
            string text when IsStorable(text) => JsonValue.Create(text),
            bool flag => JsonValue.Create(flag),
            int number => JsonValue.Create(number),
            long number when number is < int.MinValue or > int.MaxValue => JsonValue.Create(number),
            BigInteger number when number < long.MinValue || number > long.MaxValue => JsonNode.Parse(number.ToString(CultureInfo.InvariantCulture)),
            double number => OfDouble(number),
            Array { Rank: > 1 } or byte[] => null,
            IList list => OfList(list),
            PSCustomObject => OfObject((PSObject)value!),
            _ => null,
        };
        return json is not null || inner is null;
    }

    /// <summary>False for what PostgreSQL's text can't hold: NUL, and half of a surrogate pair.</summary>
    public static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || char.IsLowSurrogate(text[i]))
            {
                return false;
            }

            if (char.IsHighSurrogate(text[i]) && (++i == text.Length || !char.IsLowSurrogate(text[i])))
            {
                return false;
            }
        }

        return true;
    }

    private static JsonNode? OfDouble(double number)
    {
        if (!double.IsFinite(number) || (number == 0 && double.IsNegative(number)))
        {
            return null;
        }

        // A whole number needs its point, or it would come back as an integer.
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains("E+", StringComparison.Ordinal)
            ? null
            : JsonNode.Parse(text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0");
    }

    private static JsonArray? OfList(IList list)
    {
        var array = new JsonArray();
        foreach (var item in list)
        {
            if (!TryEncode(item, out var json))
            {
                return null;
            }

            array.Add(json);
        }

        return array;
    }

    private static JsonObject? OfObject(PSObject value)
    {
        // Another type name is worth keeping, which CLIXML does.
        if (value.TypeNames is not ["System.Management.Automation.PSCustomObject", ..])
        {
            return null;
        }

        var result = new JsonObject();
        string? last = null;
        foreach (var property in value.Properties)
        {
            if (property.MemberType != PSMemberTypes.NoteProperty
                || property.Name == ReservedName
                || !IsStorable(property.Name)
                || (last is not null && Compare(last, property.Name) >= 0)
                || !TryEncode(property.Value, out var json))
            {
                return null;
            }

            result.Add(property.Name, json);
            last = property.Name;
        }

        return result;
    }

    /// <summary>The order of jsonb: the shorter name first, then by bytes.</summary>
    private static int Compare(string left, string right)
    {
        var (l, r) = (Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
        return l.Length != r.Length ? l.Length.CompareTo(r.Length) : l.AsSpan().SequenceCompareTo(r);
    }
}
