using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PgQueue;

/// <summary>New tasks in the words of the SQL function add_tasks.</summary>
internal static class NewTaskJson
{
    // No page will show it: CLIXML would double by what HTML needs escaped.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Array(IReadOnlyCollection<NewTask> tasks)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartArray();
            foreach (var task in tasks)
            {
                Write(json, task);
            }

            json.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public static string Object(NewTask task)
    {
        var array = Array([task]);
        return array[1..^1];
    }

    private static void Write(Utf8JsonWriter json, NewTask task)
    {
        json.WriteStartObject();
        Text(json, "kind", task.Kind?.ToString().ToLowerInvariant());
        Text(json, "script", task.Script);
        if (task.Spec is not null)
        {
            json.WritePropertyName("spec");
            task.Spec.WriteTo(json);
        }

        Text(json, "queue", task.Queue);
        Number(json, "priority", task.Priority);
        Text(json, "name", task.Name);
        List(json, "tags", task.Tags, json.WriteStringValue);
        Text(json, "timeout", Interval(task.Timeout));
        Number(json, "memory_limit", task.MemoryLimit);
        Number(json, "process_limit", task.ProcessLimit);
        Number(json, "max_attempts", task.MaxAttempts);
        Number(json, "max_lost", task.MaxLost);
        if (task.Retry is not null)
        {
            json.WritePropertyName("retry");
            json.WriteRawValue(task.Retry.ToJson());
        }

        Text(json, "run_at", task.RunAt?.ToString("O", CultureInfo.InvariantCulture));
        Text(json, "delay", Interval(task.Delay));
        Text(json, "client_id", task.ClientId);
        Text(json, "dedupe_key", task.DedupeKey);
        Text(json, "group_key", task.Group);
        Text(json, "group_order", task.GroupOrder?.ToString().ToLowerInvariant());
        List(json, "after", task.After, json.WriteNumberValue);
        List(json, "after_any", task.AfterAny, json.WriteNumberValue);
        Text(json, "dead_letter_queue", task.DeadLetterQueue);
        Text(json, "expires_at", task.ExpiresAt?.ToString("O", CultureInfo.InvariantCulture));
        Text(json, "expire_after", Interval(task.ExpireAfter));
        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is not null)
        {
            json.WriteNumber(name, value.Value);
        }
    }

    private static void List<T>(Utf8JsonWriter json, string name, IReadOnlyList<T>? values, Action<T> write)
    {
        if (values is { Count: > 0 })
        {
            json.WriteStartArray(name);
            foreach (var value in values)
            {
                write(value);
            }

            json.WriteEndArray();
        }
    }

    internal static string? Interval(TimeSpan? time) => time is null
        ? null
        : string.Create(
            // Hours, minutes and seconds: PostgreSQL 13 counts microseconds in 32 bits.
            CultureInfo.InvariantCulture,
            $"{time.Value.Ticks / TimeSpan.TicksPerHour}:{time.Value.Minutes:00}:{time.Value.Seconds:00}.{time.Value.Ticks % TimeSpan.TicksPerSecond / 10:000000}");
}
