using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Runs a claimed task in a child of its kind, or by the worker's own handler for it.</summary>
internal sealed class TaskRunner(
    ChildPool pool, CommandRunner commands, HandlerRunner handlers, HookRunner hooks, InputReader inputs, TaskAdder adder, Supervisor supervisor,
    string workerName)
{
    /// <summary>The run's outcome, and why it was ended from outside, if it was.</summary>
    public async Task<(RunOutcome Outcome, StopReason? Stopped)> RunAsync(RunControl control, RunOutput output)
    {
        var handler = handlers.Find(control.Task);
        var (outcome, stopped) = control.Task.Kind switch
        {
            _ when control.Stopped.IsCompleted => (new RunOutcome(TaskEnd.Canceled), await control.Stopped.ConfigureAwait(false)),
            _ when handler is not null => await handlers.RunAsync(handler, control).ConfigureAwait(false),
            TaskKind.Script => await RunScriptAsync(control, output).ConfigureAwait(false),
            TaskKind.Method => await WithHooksAsync(() => RunHostedAsync(control, Describe(control.Task), output)).ConfigureAwait(false),
            TaskKind.Command => await WithHooksAsync(() => commands.RunAsync(control, output)).ConfigureAwait(false),
            _ => (RunOutcome.Failed(TaskEnd.Error, "This worker's version of PgQueue does not know tasks of this kind: update it."), null),
        };
        if (outcome.AfterError is { } error && stopped != StopReason.Lost)
        {
            await hooks.ReportAsync(control, error, output).ConfigureAwait(false);
        }

        return (stopped is null ? outcome : Stopped(control, outcome, stopped.Value), stopped);

        Task<(RunOutcome Outcome, StopReason? Stopped)> WithHooksAsync(Func<Task<(RunOutcome Outcome, StopReason? Stopped)>> run) =>
            hooks.IsIdle ? run() : hooks.AroundAsync(control, Describe(control.Task), run, (limits, hook) => RunHostedAsync(limits, hook, output));
    }

    /// <summary>The error of a run as it is told; null for a success.</summary>
    public static ErrorDetail? ErrorOf(RunControl control, RunOutcome outcome, StopReason? stopped) =>
        (stopped is null ? outcome : Stopped(control, outcome, stopped.Value)).Error;

    private async Task<(RunOutcome Outcome, StopReason? Stopped)> RunScriptAsync(RunControl control, RunOutput output)
    {
        var task = Describe(control.Task);
        if (control.Task.Needs is { Length: > 0 } needs)
        {
            using var given = new CancellationTokenSource();
            var reading = inputs.ReadAsync(needs, given.Token);
            await Task.WhenAny(reading, control.Stopped).ConfigureAwait(false);
            if (!reading.IsCompleted)
            {
                await given.CancelAsync().ConfigureAwait(false);
                await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return (new RunOutcome(TaskEnd.Canceled), await control.Stopped.ConfigureAwait(false));
            }

            task = task with { Inputs = await reading.ConfigureAwait(false) };
        }

        return await RunHostedAsync(control, task, output).ConfigureAwait(false);
    }

    private async Task<(RunOutcome Outcome, StopReason? Stopped)> RunHostedAsync(RunControl control, RunTask task, RunOutput output)
    {
        var kind = DbWords.Parse<TaskKind>(task.Kind);
        HostedChild child;
        try
        {
            var starting = pool.GetAsync(kind);
            await Task.WhenAny(starting, control.Stopped).ConfigureAwait(false);
            if (!starting.IsCompleted)
            {
                // Whoever wants the task ended need not wait for a child to get ready.
                pool.Return(kind, starting);
                return (new RunOutcome(TaskEnd.Canceled), await control.Stopped.ConfigureAwait(false));
            }

            child = await starting.ConfigureAwait(false);
        }
        catch (QueueException e)
        {
            return (RunOutcome.Failed(TaskEnd.Error, e.Message, e.GetType().FullName), null);
        }

        try
        {
            return await child.RunAsync(control, task, output, supervisor, adder).ConfigureAwait(false);
        }
        finally
        {
            await pool.TakeBackAsync(child).ConfigureAwait(false);
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
        Priority = task.Priority,
        Schedule = task.Schedule,
        Tick = task.Tick,
        Worker = workerName,
        Deadline = task.Timeout is { } limit ? DateTimeOffset.Now + limit : null,
        Kind = DbWords.Of(task.Kind),
        Script = task.Script,
        Spec = Members(task.Spec),
        Hooks = hooks.For(task.Kind),
    };

    private static SpecMembers Members(string spec)
    {
        using var json = JsonDocument.Parse(spec, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        return SpecMembers.Of(json.RootElement);
    }

    /// <summary>What ended the run from outside counts, not what the child said of it.</summary>
    private static RunOutcome Stopped(RunControl control, RunOutcome outcome, StopReason reason)
    {
        var task = control.Task;
        var told = reason switch
        {
            StopReason.Timeout => RunOutcome.Failed(TaskEnd.Timeout, $"The task ran longer than its time limit of {task.Timeout}."),
            StopReason.Memory => RunOutcome.Failed(TaskEnd.Memory, $"The task's processes held more memory than its limit of {task.MemoryLimit:N0} bytes."),
            StopReason.Processes => RunOutcome.Failed(TaskEnd.Processes, control.Excess!.Message),
            StopReason.Canceled => RunOutcome.Failed(TaskEnd.Canceled, "The task was canceled."),
            _ => RunOutcome.Failed(TaskEnd.Lost, "The worker gave the task back."),
        };
        return told with { ExitCode = outcome.ExitCode, Signal = outcome.Signal, PeakMemory = outcome.PeakMemory };
    }
}
