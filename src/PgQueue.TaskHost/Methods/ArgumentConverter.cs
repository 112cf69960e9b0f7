using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Methods;

/// <summary>Makes a parameter's value from JSON.</summary>
internal static class ArgumentConverter
{
    private const int MaxShown = 200;

    /// <exception cref="ArgumentConversionException">The value does not fit; names parameter, value and expected type.</exception>
    public static object? Convert(string parameter, JsonElement value, Type type)
    {
        if (IsClixml(value))
        {
            throw new ArgumentConversionException(
                $"the argument for '{parameter}' is a PowerShell object that JSON can't carry; a method takes strings, numbers, booleans, and lists and objects of them.");
        }

        try
        {
            return TryPlain(value, Nullable.GetUnderlyingType(type) ?? type, out var plain) ? plain : ViaSerializer(value, type);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            throw new ArgumentConversionException($"the argument for '{parameter}', {Show(value)}, can't be converted to {TypeNames.Of(type)}.", e);
        }
    }

    /// <summary>How far a JSON value is from a type: 0 is its natural type; overloads compete by it.</summary>
    public static int Cost(JsonElement value, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(object))
        {
            return 20;
        }

        return value.ValueKind switch
        {
            JsonValueKind.Number => NumberCost(type, IsWhole(value)),
            JsonValueKind.String => type == typeof(string) ? 0 : type.IsPrimitive ? 8 : 2,
            _ => 0,
        };
    }

    private static int NumberCost(Type type, bool whole)
    {
        if (type.IsEnum)
        {
            return 12;
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.Int32 => 0,
            TypeCode.Int64 => 1,
            TypeCode.Double => whole ? 4 : 0,
            TypeCode.Decimal => whole ? 3 : 1,
            TypeCode.Single => whole ? 5 : 2,
            TypeCode.Int16 or TypeCode.Byte or TypeCode.SByte or TypeCode.UInt16 or TypeCode.UInt32 or TypeCode.UInt64 => 2,
            _ => 10,
        };
    }

    private static bool IsWhole(JsonElement value) => value.TryGetInt64(out _);

    // What most tasks pass, without the serialiser: its start-up would cost more than the rest of the child.
    private static bool TryPlain(JsonElement value, Type type, [NotNullWhen(true)] out object? plain)
    {
        plain = value.ValueKind switch
        {
            JsonValueKind.String when type == typeof(string) || type == typeof(object) => value.GetString(),
            JsonValueKind.True or JsonValueKind.False when type == typeof(bool) || type == typeof(object) => value.GetBoolean(),
            JsonValueKind.Number when type == typeof(int) && value.TryGetInt32(out var i) => i,
            JsonValueKind.Number when type == typeof(long) && value.TryGetInt64(out var l) => l,
            JsonValueKind.Number when type == typeof(double) => value.GetDouble(),
            JsonValueKind.String when type.IsEnum => Enum.Parse(type, value.GetString()!, ignoreCase: true),
            JsonValueKind.String when type == typeof(FileInfo) => new FileInfo(value.GetString()!),
            JsonValueKind.String when type == typeof(DirectoryInfo) => new DirectoryInfo(value.GetString()!),
            _ when type == typeof(JsonElement) => value,
            _ => null,
        };
        return plain is not null;
    }

    private static object? ViaSerializer(JsonElement value, Type type)
    {
        if (value.ValueKind == JsonValueKind.Null && type.IsValueType && Nullable.GetUnderlyingType(type) is null)
        {
            throw new FormatException("A value of this type can't be null.");
        }

        return value.Deserialize(type, ArgumentJson.Options);
    }

    private static bool IsClixml(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(ScriptSpec.ClixmlProperty, out _);

    private static string Show(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= MaxShown ? text : string.Concat(text.AsSpan(0, MaxShown), "…");
    }
}
