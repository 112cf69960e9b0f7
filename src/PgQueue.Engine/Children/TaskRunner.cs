using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Runs a claimed task in a child of its kind.</summary>
internal sealed class TaskRunner(ChildPool pool, CommandRunner commands, WorkerOptions options, string workerName)
{
    /// <summary>The run's outcome, and why it was ended from outside, if it was.</summary>
    public async Task<(RunOutcome Outcome, StopReason? Stopped)> RunAsync(RunControl control, RunOutput output)
    {
        var (outcome, stopped) = control.Task.Kind == TaskKind.Command
            ? await commands.RunAsync(control, output).ConfigureAwait(false)
            : await RunHostedAsync(control, output).ConfigureAwait(false);
        return (stopped is null ? outcome : Stopped(control.Task, outcome, stopped.Value), stopped);
    }

    private async Task<(RunOutcome Outcome, StopReason? Stopped)> RunHostedAsync(RunControl control, RunOutput output)
    {
        HostedChild child;
        try
        {
            child = await pool.GetAsync(control.Task.Kind).ConfigureAwait(false);
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
        Spec = JsonSerializer.Deserialize(task.Spec, ProtocolJson.Default.JsonElement),
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
