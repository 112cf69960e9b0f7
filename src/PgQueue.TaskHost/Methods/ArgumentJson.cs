using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgQueue.TaskHost.Methods;

/// <summary>How arguments beyond the plain ones are read from JSON: forgiving in case and in numbers given as text.</summary>
internal static class ArgumentJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNameCaseInsensitive = true,
        IncludeFields = true,
        MaxDepth = 256,
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters =
        {
            new JsonStringEnumConverter(),
            new NaturalObjectConverter(),
            new FromTextConverter<FileInfo>(text => new FileInfo(text)),
            new FromTextConverter<DirectoryInfo>(text => new DirectoryInfo(text)),
            new FromTextConverter<CultureInfo>(CultureInfo.GetCultureInfo),
            new BigIntegerConverter(),
        },
    };

    /// <summary>A parameter or property declared as object gets what the value is in .NET, not a JsonElement.</summary>
    private sealed class NaturalObjectConverter : JsonConverter<object>
    {
        public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => reader.TryGetInt32(out var i) ? i : reader.TryGetInt64(out var l) ? (object)l : reader.GetDouble(),
            JsonTokenType.StartArray => JsonSerializer.Deserialize<object?[]>(ref reader, options),
            _ => JsonSerializer.Deserialize<Dictionary<string, object?>>(ref reader, options),
        };

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options) =>
            throw new NotSupportedException();
    }

    private sealed class FromTextConverter<T>(Func<string, T> parse) : JsonConverter<T>
    {
        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString() is { } text ? parse(text) : default;

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            throw new NotSupportedException();
    }

    private sealed class BigIntegerConverter : JsonConverter<BigInteger>
    {
        public override BigInteger Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var number = JsonDocument.ParseValue(ref reader);
            return BigInteger.Parse(number.RootElement.ToString(), CultureInfo.InvariantCulture);
        }

        public override void Write(Utf8JsonWriter writer, BigInteger value, JsonSerializerOptions options) =>
            throw new NotSupportedException();
    }
}
