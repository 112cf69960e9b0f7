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
        Text("kind", task.Kind?.ToString().ToLowerInvariant());
        Text("script", task.Script);
        if (task.Spec is not null)
        {
            json.WritePropertyName("spec");
            task.Spec.WriteTo(json);
        }

        Text("queue", task.Queue);
        Number("priority", task.Priority);
        Text("name", task.Name);
        if (task.Tags is { Count: > 0 })
        {
            json.WriteStartArray("tags");
            foreach (var tag in task.Tags)
            {
                json.WriteStringValue(tag);
            }

            json.WriteEndArray();
        }

        Text("timeout", Interval(task.Timeout));
        Number("memory_limit", task.MemoryLimit);
        Number("process_limit", task.ProcessLimit);
        Number("max_attempts", task.MaxAttempts);
        Number("max_lost", task.MaxLost);
        if (task.Retry is not null)
        {
            json.WritePropertyName("retry");
            json.WriteRawValue(task.Retry.ToJson());
        }

        Text("run_at", task.RunAt?.ToString("O", CultureInfo.InvariantCulture));
        Text("delay", Interval(task.Delay));
        Text("client_id", task.ClientId);
        Text("dedupe_key", task.DedupeKey);
        Text("group_key", task.Group);
        Text("group_order", task.GroupOrder?.ToString().ToLowerInvariant());
        Numbers("after", task.After);
        Numbers("after_any", task.AfterAny);
        Text("dead_letter_queue", task.DeadLetterQueue);
        Text("expires_at", task.ExpiresAt?.ToString("O", CultureInfo.InvariantCulture));
        Text("expire_after", Interval(task.ExpireAfter));
        json.WriteEndObject();

        void Numbers(string name, IReadOnlyList<long>? values)
        {
            if (values is { Count: > 0 })
            {
                json.WriteStartArray(name);
                foreach (var value in values)
                {
                    json.WriteNumberValue(value);
                }

                json.WriteEndArray();
            }
        }

        void Text(string name, string? value)
        {
            if (value is not null)
            {
                json.WriteString(name, value);
            }
        }

        void Number(string name, long? value)
        {
            if (value is not null)
            {
                json.WriteNumber(name, value.Value);
            }
        }
    }

    internal static string? Interval(TimeSpan? time) => time is null
        ? null
        : string.Create(
            // Hours, minutes and seconds: PostgreSQL 13 counts microseconds in 32 bits.
            CultureInfo.InvariantCulture,
            $"{time.Value.Ticks / TimeSpan.TicksPerHour}:{time.Value.Minutes:00}:{time.Value.Seconds:00}.{time.Value.Ticks % TimeSpan.TicksPerSecond / 10:000000}");
}
