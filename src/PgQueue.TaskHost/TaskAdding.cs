using System.Text;
using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>
/// Lets the task's own code add tasks by its worker. See <see cref="AddSlot"/> for how it is found and what it takes.
/// </summary>
internal sealed class TaskAdding(ControlChannel channel)
{
    /// <summary>What a frame needs beside the tasks.</summary>
    private const int Envelope = 1024;

    /// <summary>The frame puts three levels around a task.</summary>
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 250 };

    public static void Offer(ControlChannel channel) =>
        AppContext.SetData(AddSlot.Name, (Func<string, string, string>)new TaskAdding(channel).Add);

    private string Add(string tasks, string shared)
    {
        var size = (long)Encoding.UTF8.GetByteCount(tasks) + Encoding.UTF8.GetByteCount(shared);
        if (size > FrameStream.MaxFrame - Envelope)
        {
            return Refuse($"The tasks to add take {size} bytes as JSON; {FrameStream.MaxFrame - Envelope} go at once. Add them in several parts.");
        }

        try
        {
            using var list = JsonDocument.Parse(tasks, Options);
            using var common = JsonDocument.Parse(shared, Options);
            return Answer(channel.Ask(id => new AddTasks { Id = id, Tasks = list.RootElement, Shared = common.RootElement }));
        }
        catch (JsonException e)
        {
            return Refuse($"The tasks to add are not JSON: {e.Message}");
        }
    }

    private static string Answer(TasksAdded added) => added.Error is { } error ? Error(error) : $$"""{"rows":{{added.Rows ?? "[]"}}}""";

    private static string Refuse(string message) => Error(new AddError { Error = "InvalidArgument", Message = message });

    private static string Error(AddError error)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("error", error.Error);
            json.WriteString("message", error.Message);
            if (error.TaskId is { } id)
            {
                json.WriteNumber("taskId", id);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
