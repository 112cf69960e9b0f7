using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Runs a claimed task in a child of its kind, or by the worker's own handler for it.</summary>
internal sealed class TaskRunner(ChildPool pool, CommandRunner commands, HandlerRunner handlers, WorkerOptions options, string workerName)
{
    /// <summary>The run's outcome, and why it was ended from outside, if it was.</summary>
    public async Task<(RunOutcome Outcome, StopReason? Stopped)> RunAsync(RunControl control, RunOutput output)
    {
        var handler = handlers.Find(control.Task);
        var (outcome, stopped) = control.Task.Kind switch
        {
            _ when handler is not null => await handlers.RunAsync(handler, control).ConfigureAwait(false),
            TaskKind.Command => await commands.RunAsync(control, output).ConfigureAwait(false),
            TaskKind.Script or TaskKind.Method => await RunHostedAsync(control, output).ConfigureAwait(false),
            _ => (RunOutcome.Failed(TaskEnd.Error, "This worker's version of PgQueue does not know tasks of this kind: update it."), null),
        };
        return (stopped is null ? outcome : Stopped(control.Task, outcome, stopped.Value), stopped);
    }

    private async Task<(RunOutcome Outcome, StopReason? Stopped)> RunHostedAsync(RunControl control, RunOutput output)
    {
        HostedChild child;
        try
        {
            var starting = pool.GetAsync(control.Task.Kind);
            await Task.WhenAny(starting, control.Stopped).ConfigureAwait(false);
            if (!starting.IsCompleted)
            {
                // Whoever wants the task ended need not wait for a child to get ready.
                pool.Return(control.Task.Kind, starting);
                return (new RunOutcome(TaskEnd.Canceled), await control.Stopped.ConfigureAwait(false));
            }

            child = await starting.ConfigureAwait(false);
        }
        catch (QueueException e)
        {
            return (RunOutcome.Failed(TaskEnd.Error, e.Message, e.GetType().FullName), null);
        }

        await using (child.ConfigureAwait(false))
        {
            return await child.RunAsync(control, Describe(control.Task), output, options.CancelGrace).ConfigureAwait(false);
        }
    }

    private RunTask Describe(ClaimedTask task) => new()
    {
        Id = task.Id,
        Run = task.Run,
        Attempt = task.Attempt,
        MaxAttempts = task.MaxAttempts,
        Name = task.Name,
        Queue = task.Queue,
        Worker = workerName,
        Deadline = task.Timeout is { } limit ? DateTimeOffset.Now + limit : null,
        Kind = DbWords.Of(task.Kind),
        Script = task.Script,
        Spec = JsonDocument.Parse(task.Spec, new JsonDocumentOptions { MaxDepth = int.MaxValue }).RootElement,
    };

    /// <summary>What ended the run from outside counts, not what the child said of it.</summary>
    private static RunOutcome Stopped(ClaimedTask task, RunOutcome outcome, StopReason reason)
    {
        var told = reason switch
        {
            StopReason.Timeout => RunOutcome.Failed(TaskEnd.Timeout, $"The task ran longer than its time limit of {task.Timeout}."),
            StopReason.Memory => RunOutcome.Failed(TaskEnd.Memory, $"The task's processes held more memory than its limit of {task.MemoryLimit:N0} bytes."),
            StopReason.Canceled => RunOutcome.Failed(TaskEnd.Canceled, "The task was canceled."),
            _ => RunOutcome.Failed(TaskEnd.Lost, "The worker gave the task back."),
        };
        return told with { ExitCode = outcome.ExitCode, Signal = outcome.Signal, PeakMemory = outcome.PeakMemory };
    }
}
