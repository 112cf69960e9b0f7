using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Methods;

/// <summary>A method's return value as JSON.</summary>
internal static class ResultJson
{
    private const int MaxCharacters = 8 * 1024 * 1024;

    private static JsonSerializerOptions Options => LazyOptions.Value;

    /// <summary>
    /// The value as JSON; null for null. A value that JSON can't carry is kept as its text, with a warning among the
    /// task's records: the task has done its work, so it has not failed.
    /// </summary>
    public static JsonElement? From(object? value, OutputQueue output)
    {
        if (value is null)
        {
            return null;
        }

        if (value is string { Length: > MaxCharacters } text)
        {
            // The writer refuses to write the very long ones.
            output.Add(OutputStream.Warning, $"The result is a text of {text.Length} characters; {MaxCharacters} are kept at most. Its beginning is kept.");
            return Text(OutputLimits.Cut(text, OutputLimits.Text));
        }

        try
        {
            var json = Plain(value) ?? JsonSerializer.SerializeToElement(value, value.GetType(), Options);
            var length = json.GetRawText().Length;
            return length <= MaxCharacters ? json : TooLong(json, length, output);
        }
        catch (Exception e)
        {
            // Any property of the value may throw anything.
            output.Add(OutputStream.Warning, $"The result, a {TypeNames.Of(value.GetType())}, can't be written as JSON and is kept as its text: {e.Message}");
            return Text(OutputLimits.Cut(value.ToString() ?? "", OutputLimits.Text));
        }
    }

    private static JsonElement TooLong(JsonElement json, int length, OutputQueue output)
    {
        output.Add(OutputStream.Warning, $"The result takes {length} characters as JSON; {MaxCharacters} are kept at most. Its beginning is kept as text.");
        return Text(OutputLimits.Cut(json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText(), OutputLimits.Text));
    }

    // The plain values need no serialiser, whose start-up a child would pay each time.
    private static JsonElement? Plain(object value) => value switch
    {
        string text => Text(text),
        bool flag => Written(json => json.WriteBooleanValue(flag)),
        int number => Written(json => json.WriteNumberValue(number)),
        long number => Written(json => json.WriteNumberValue(number)),
        JsonElement element => element,
        _ => null,
    };

    private static JsonElement Text(string? text) => Written(json => json.WriteStringValue(text ?? string.Empty));

    private static JsonElement Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return JsonDocument.Parse(buffer.WrittenMemory).RootElement;
    }

    private static class LazyOptions
    {
        public static readonly JsonSerializerOptions Value = new()
        {
            ReferenceHandler = ReferenceHandler.IgnoreCycles,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            IncludeFields = true,
            MaxDepth = 256,
            Converters = { new JsonStringEnumConverter() },
        };
    }
}
