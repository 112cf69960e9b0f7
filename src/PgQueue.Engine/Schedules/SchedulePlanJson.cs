using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PgQueue;

/// <summary>Plans in the words of the SQL function fire_schedules.</summary>
internal static class SchedulePlanJson
{
    public static string Array(IEnumerable<SchedulePlan> plans)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var plan in plans)
            {
                Write(json, plan);
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter json, SchedulePlan plan)
    {
        json.WriteStartObject();
        json.WriteString("name", plan.Name);
        if (plan.Error is not null)
        {
            json.WriteString("error", plan.Error);
            json.WriteEndObject();
            return;
        }

        json.WriteStartArray("ticks");
        foreach (var tick in plan.Ticks)
        {
            json.WriteStringValue(Text(tick));
        }

        json.WriteEndArray();
        json.WriteBoolean("waits", plan.Waits);
        json.WriteNumber("skipped", plan.Skipped);
        Time("last_tick", plan.LastTick);
        Time("next_run", plan.NextRun);
        json.WriteBoolean("ended", plan.Ended);
        json.WriteEndObject();

        void Time(string name, DateTimeOffset? time)
        {
            if (time is not null)
            {
                json.WriteString(name, Text(time.Value));
            }
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
