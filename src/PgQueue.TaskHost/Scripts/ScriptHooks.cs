using System.Management.Automation;
using System.Management.Automation.Runspaces;
using PgQueue.Protocol;
using PgQueue.TaskHost.Wire;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// The worker's hooks around a task. They run in the task's own scope, as Start-Job's -InitializationScript does: what
/// BeforeTask sets the task finds, and AfterTask finds what both have left.
/// </summary>
internal sealed class ScriptHooks(Runspace runspace, ScriptHost host, StreamCapture capture, TaskHooks hooks, object? task)
{
    private const string Before = "BeforeTask";
    private const string After = "AfterTask";

    private ScriptSpec? _spec;

    public bool HasAfter => hooks.After is not null;

    /// <summary>Runs BeforeTask.</summary>
    /// <returns>Null where the task may run; else how it has ended without having begun.</returns>
    public TaskEnded? RunBefore(CancellationToken stop)
    {
        if (hooks.Before is null)
        {
            return null;
        }

        var ended = Run(hooks.Before, Before, [task], stop);
        return ended.Outcome switch
        {
            Outcome.Completed => null,
            Outcome.Failed => TaskSession.Failed(ended.Error! with { Message = $"The hook {Before} failed, so the task was not run: {ended.Error.Message}" }),
            _ => ended,
        };
    }

    /// <summary>Runs AfterTask. Whoever stopped the task does not stop it: it has what is left of the grace period.</summary>
    /// <param name="error">What the task ended with; null for a success.</param>
    /// <returns>What it failed with; null for a success.</returns>
    public ErrorDetail? RunAfter(ErrorRecord? error) => Run(hooks.After!, After, [task, error], CancellationToken.None).Error;

    /// <summary>The error of a task that ended in another child, as AfterTask gets it.</summary>
    public static ErrorRecord? Error(ErrorDetail? detail)
    {
        if (detail is null)
        {
            return null;
        }

        var category = Enum.TryParse<ErrorCategory>(detail.Category, out var known) ? known : ErrorCategory.NotSpecified;
        return new ErrorRecord(new RuntimeException(detail.Message), detail.ErrorId ?? detail.Type ?? "TaskFailed", category, detail.Target);
    }

    private TaskEnded Run(string text, string name, object?[] args, CancellationToken stop)
    {
        try
        {
            _spec ??= new ScriptSpec { Using = hooks.Using is { } values ? SpecReader.Values(values) : null };
            return new ScriptInvocation(runspace, host, capture, stop).RunText(text, args, _spec);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new TaskEnded { Outcome = Outcome.Stopped };
        }
        catch (TaskSetupException e)
        {
            return TaskSession.Failed(ErrorDetails.From(new TaskSetupException($"{name} can't be run: {e.Message}", e.InnerException)));
        }
    }
}
