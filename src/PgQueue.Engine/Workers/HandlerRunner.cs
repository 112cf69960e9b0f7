using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Runs tasks of kind <c>method</c> that name a handler of the worker's own instead of an assembly.</summary>
internal sealed class HandlerRunner(WorkerOptions options)
{
    /// <summary>The handler that a task names; null for a task that names an assembly.</summary>
    public TaskHandler? Find(ClaimedTask task) => task.Kind == TaskKind.Method && NameIn(task.Spec) is { } name
        ? options.Handlers.GetValueOrDefault(name) ?? Missing(name)
        : null;

    public async Task<(RunOutcome Outcome, StopReason? Stopped)> RunAsync(TaskHandler handler, RunControl control)
    {
        // A handler that blocks must not block the worker.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var stop = new CancellationTokenSource();
        var work = CallAsync(handler, control.Task, stop.Token);
        if (work.IsCompleted)
        {
            return (await work.ConfigureAwait(false), null);
        }

        using var limit = new CancellationTokenSource();
        var timeout = Supervisor.TimeoutAsync(control, limit.Token);
        await Task.WhenAny(work, control.Stopped).ConfigureAwait(false);
        await limit.CancelAsync().ConfigureAwait(false);
        await timeout.ConfigureAwait(false);
        if (!control.Stopped.IsCompleted)
        {
            return (await work.ConfigureAwait(false), null);
        }

        var reason = await control.Stopped.ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(work, Task.Delay(options.CancelGrace, CancellationToken.None)).ConfigureAwait(false);
        return reason == StopReason.Released && work.IsCompletedSuccessfully && work.Result.End == TaskEnd.Success
            ? (work.Result, null) // It finished in the same moment: that counts.
            : (new RunOutcome(TaskEnd.Canceled), reason);
    }

    private static async Task<RunOutcome> CallAsync(TaskHandler handler, ClaimedTask task, CancellationToken stop)
    {
        try
        {
            var result = await handler(new HandledTask(task), stop).ConfigureAwait(false);
            return new RunOutcome(TaskEnd.Success) { Result = result?.ToJsonString() };
        }
        catch (Exception e)
        {
            return new RunOutcome(TaskEnd.Error) { Error = Describe(e) };
        }
    }

    private static TaskHandler Missing(string name) => (_, _) =>
        throw new KeyNotFoundException($"This worker has no handler '{name}', and the task names no assembly.");

    private static ErrorDetail Describe(Exception e) => new()
    {
        Message = e.Message,
        Type = e.GetType().FullName,
        StackTrace = e.StackTrace,
        Inner = e.InnerException is null ? null : Describe(e.InnerException),
    };

    private static string? NameIn(string spec)
    {
        try
        {
            using var json = JsonDocument.Parse(spec, new JsonDocumentOptions { MaxDepth = int.MaxValue });
            return json.RootElement is { ValueKind: JsonValueKind.Object } root
                && !root.TryGetProperty("assembly", out _)
                && root.TryGetProperty("method", out var name)
                && name.ValueKind == JsonValueKind.String
                    ? name.GetString()
                    : null;
        }
        catch (JsonException)
        {
            return null; // The child that gets it says what is wrong with it.
        }
    }
}
