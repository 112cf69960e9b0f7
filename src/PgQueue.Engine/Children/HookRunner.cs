using PgQueue.Protocol;

namespace PgQueue;

/// <summary>
/// The worker's hooks around each task. A script's run in its own child, which is told them with the task. Those of a
/// method or a command, whose children know no PowerShell, run in script children of their own.
/// </summary>
internal sealed class HookRunner(WorkerOptions options, EventSink events)
{
    private readonly TaskHooks? _hooks = options.BeforeTask is null && options.AfterTask is null ? null : new TaskHooks
    {
        Before = options.BeforeTask,
        After = options.AfterTask,
        Using = options.HookValues?.ToJsonString(),
    };

    /// <summary>True where there are no hooks.</summary>
    public bool IsIdle => _hooks is null;

    /// <summary>For a child of this kind of task to run; null where there are none, or it can't.</summary>
    public TaskHooks? For(TaskKind kind) => kind == TaskKind.Script ? _hooks : null;

    /// <summary>Runs a task that has no PowerShell in its child, with the hooks around it.</summary>
    /// <param name="control">The run.</param>
    /// <param name="task">The task as a child is told of it.</param>
    /// <param name="run">Runs the task itself.</param>
    /// <param name="host">Runs something in a script child.</param>
    public async Task<(RunOutcome Outcome, StopReason? Stopped)> AroundAsync(
        RunControl control, RunTask task, Func<Task<(RunOutcome Outcome, StopReason? Stopped)>> run,
        Func<RunControl, RunTask, Task<(RunOutcome Outcome, StopReason? Stopped)>> host)
    {
        var (outcome, stopped) = (new RunOutcome(TaskEnd.Success), (StopReason?)null);
        if (_hooks?.Before is not null)
        {
            (outcome, stopped) = await host(control, Alone(task, _hooks with { After = null })).ConfigureAwait(false);
            outcome = Named(outcome);
        }

        if (outcome.End == TaskEnd.Success && stopped is null)
        {
            (outcome, stopped) = await run().ConfigureAwait(false);
        }

        if (_hooks?.After is not null && RestOf(control, stopped) is { } rest)
        {
            var (after, _) = await host(rest, Alone(task, _hooks with { Before = null, Error = TaskRunner.ErrorOf(control, outcome, stopped) })).ConfigureAwait(false);
            outcome = outcome with { AfterError = after.AfterError ?? (after.End == TaskEnd.Success ? null : after.Error) };
        }

        return (outcome, stopped);
    }

    /// <summary>Tells of an AfterTask that failed: in the task's output and to the worker's listener. The task's end stays as it is.</summary>
    public async Task ReportAsync(RunControl control, ErrorDetail error, RunOutput output)
    {
        await output.AddAsync(OutputStream.Warning, $"The worker's hook AfterTask failed: {error.Message}", null, CancellationToken.None).ConfigureAwait(false);
        events.Raise(new WorkerWarning($"The hook AfterTask of task {control.Task.Id} failed: {error.Message}"));
    }

    /// <summary>What the AfterTask hook of a task that has ended is limited by; null where it is not to run.</summary>
    private RunControl? RestOf(RunControl control, StopReason? stopped)
    {
        if (stopped is null)
        {
            var rest = new RunControl(control.Task);
            _ = control.Stopped.ContinueWith(stop => rest.Stop(stop.Result), TaskScheduler.Default);
            return rest;
        }

        var left = options.CancelGrace - control.StoppedFor;
        return control.Killed || stopped is not (StopReason.Canceled or StopReason.Timeout) || left <= TimeSpan.Zero
            ? null
            : new RunControl(control.Task with { Timeout = left });
    }

    /// <summary>An error that names the hook, whoever made it.</summary>
    private static RunOutcome Named(RunOutcome outcome) => outcome.Error is null || outcome.Error.Message.StartsWith("The hook", StringComparison.Ordinal)
        ? outcome
        : outcome with { Error = outcome.Error with { Message = $"The hook BeforeTask failed, so the task was not run: {outcome.Error.Message}" } };

    private static RunTask Alone(RunTask task, TaskHooks hooks) => task with
    {
        Kind = DbWords.Of(TaskKind.Script),
        Script = null,
        Spec = SpecMembers.None,
        Hooks = hooks with { Alone = true },
    };
}
