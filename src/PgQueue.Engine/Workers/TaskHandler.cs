using System.Text.Json;
using System.Text.Json.Nodes;

namespace PgQueue;

/// <summary>
/// Runs a task inside the worker's own process: no isolation, no start of a process. What it throws fails the attempt.
/// </summary>
/// <param name="task">The task.</param>
/// <param name="cancellationToken">
/// Canceled by the time limit, a cancel or the worker's stop. A handler that does not return within the worker's grace
/// period is given up: its task ends all the same, while its code goes on.
/// </param>
/// <returns>The task's result; null for none.</returns>
public delegate Task<JsonNode?> TaskHandler(HandledTask task, CancellationToken cancellationToken);

/// <summary>A task as a <see cref="TaskHandler"/> sees it.</summary>
public sealed class HandledTask
{
    private readonly ClaimedTask _task;
    private JsonElement? _spec;

    internal HandledTask(ClaimedTask task) => _task = task;

    /// <summary>Its id.</summary>
    public long Id => _task.Id;

    /// <summary>Which start of the task this is, from 1; lost ones count.</summary>
    public int Run => _task.Run;

    /// <summary>Which attempt this is, from 1.</summary>
    public int Attempt => _task.Attempt;

    /// <summary>How often it is tried at the most.</summary>
    public int MaxAttempts => _task.MaxAttempts;

    /// <summary>Its queue.</summary>
    public string Queue => _task.Queue;

    /// <summary>Its name, if it was given one.</summary>
    public string? Name => _task.Name;

    /// <summary>What it was added with: <c>args</c>, <c>params</c> and whatever else its spec holds.</summary>
    public JsonElement Spec => _spec ??= Parse(_task.Spec);

    private static JsonElement Parse(string spec)
    {
        using var document = JsonDocument.Parse(spec, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        return document.RootElement.Clone();
    }
}
