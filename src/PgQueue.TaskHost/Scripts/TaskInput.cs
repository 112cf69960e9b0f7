using System.Management.Automation;
using System.Text.Json;
using PgQueue.Shared;

namespace PgQueue.TaskHost.Scripts;

/// <summary>A task that this one waited for, as its script sees it in <c>$PqTask.Inputs</c>.</summary>
public sealed class TaskInput
{
    private readonly JsonElement data;
    private readonly Lazy<object?> result;

    private TaskInput(JsonElement data)
    {
        this.data = data;
        result = new(ReadResult, LazyThreadSafetyMode.ExecutionAndPublication);
    }

    /// <summary>Its id.</summary>
    public long Id => data.GetProperty("id").GetInt64();

    /// <summary>Its name; null where it has none.</summary>
    public string? Name => Text(data, "name");

    /// <summary>How it stands: Completed, Failed, Canceled; null where it is not there any more.</summary>
    public string? State => Text(data, "state");

    /// <summary>
    /// What Receive-PqTask would emit: a script's objects, a method's return value, a command's lines; an array where
    /// there are several, null where there is none. Read when it is first asked for.
    /// </summary>
    /// <exception cref="MethodException">It was too large to be sent along, or is not there any more.</exception>
    public object? Result => result.Value;

    // Never disposed: the results are read out of it later.
    internal static TaskInput[] All(string? inputs) => inputs is null
        ? []
        : [.. JsonDocument.Parse(inputs, new JsonDocumentOptions { MaxDepth = 256 }).RootElement.EnumerateArray().Select(i => new TaskInput(i))];

    private object? ReadResult()
    {
        if (Text(data, "missing") is { } why)
        {
            // PowerShell takes any other exception of a property for an empty value.
            throw new MethodException(why);
        }

        if (data.TryGetProperty("result", out var returned))
        {
            return JsonObjects.ToObject(returned);
        }

        return data.TryGetProperty("records", out var records)
            ? (object?[])[.. records.EnumerateArray().Select(ReadRecord)] switch
            {
                [] => null,
                [var only] => only,
                var several => several,
            }
            : null;
    }

    private static object? ReadRecord(JsonElement record) =>
        Text(record, "clixml") is { } clixml ? PSSerializer.Deserialize(clixml) : Text(record, "text") ?? string.Empty;

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var text) ? text.GetString() : null;
}
