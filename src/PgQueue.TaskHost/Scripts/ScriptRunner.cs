using System.Management.Automation;
using System.Management.Automation.Runspaces;
using PgQueue.Protocol;
using PgQueue.TaskHost.Wire;

namespace PgQueue.TaskHost.Scripts;

/// <summary>Runs a script in this process's one runspace, as a fresh pwsh would.</summary>
internal sealed class ScriptRunner : ITaskRunner
{
    private static readonly ErrorDetail Stopped = new() { Message = "The task was stopped.", ErrorId = "TaskStopped", Category = nameof(ErrorCategory.OperationStopped) };

    /// <summary>Nothing is to be run here but hooks.</summary>
    private static readonly TaskEnded Elsewhere = new() { Outcome = Outcome.Completed };

    private readonly Runspace runspace;
    private readonly ScriptHost host;

    private ScriptRunner(Runspace runspace, ScriptHost host)
    {
        this.runspace = runspace;
        this.host = host;
    }

    public static ScriptRunner Open()
    {
        var host = new ScriptHost();
        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.ReuseThread;
        var runspace = RunspaceFactory.CreateRunspace(host, state);
        if (OperatingSystem.IsWindows())
        {
            // As pwsh does. The property is public, but missing from the reference assembly that this is compiled against.
            typeof(Runspace).GetProperty("ApartmentState")?.SetValue(runspace, ApartmentState.STA);
        }

        OpenQuietly(runspace);
        return new ScriptRunner(runspace, host);
    }

    private static void OpenQuietly(Runspace runspace)
    {
        // A process for one task has no usage to report, and doing so at its end would take 10 ms of each.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

        // A debugger's pipe would stay in the temporary folder when the process is killed. Asked for once, while opening.
        const string Pipe = "POWERSHELL_DIAGNOSTICS_OPTOUT";
        var before = Environment.GetEnvironmentVariable(Pipe);
        Environment.SetEnvironmentVariable(Pipe, "1");
        runspace.Open();
        Environment.SetEnvironmentVariable(Pipe, before);
        QueueModule.MakeKnown();
    }

    public void WarmUp(Func<TimeSpan, bool> taskComesWithin) => new ScriptWarmUp(runspace, host).Run(taskComesWithin);

    public TaskEnded Run(RunTask task, TaskVoice voice, CancellationToken stop)
    {
        using var capture = new StreamCapture(voice.Output.Add);
        host.Output = capture;
        var variable = TaskVariable.From(task);
        var hooks = task.Hooks is null ? null : new ScriptHooks(runspace, host, capture, task.Hooks, variable.Value);
        try
        {
            var (ended, error) = RunToItsEnd(task, variable, hooks, capture, stop);
            if (hooks is not { HasAfter: true })
            {
                return ended;
            }

            voice.SendVerdict(ended);
            return ended with { AfterError = hooks.RunAfter(error) };
        }
        finally
        {
            RaiseExiting();
            host.Flush();
        }
    }

    // Whatever the script left running in its runspace is told to stop, and nobody waits for that.
    public void Forget() => runspace.CloseAsync();

    private (TaskEnded Ended, ErrorRecord? Error) RunToItsEnd(
        RunTask task, PSVariable variable, ScriptHooks? hooks, StreamCapture capture, CancellationToken stop)
    {
        var invocation = new ScriptInvocation(runspace, host, capture, stop);
        TaskEnded ended;
        try
        {
            var spec = SpecReader.Script(task.Spec);
            TaskEnvironment.Apply(spec.Cwd, spec.Env);
            runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(Environment.CurrentDirectory));
            runspace.SessionStateProxy.PSVariable.Set(variable);
            ended = hooks?.RunBefore(stop) ?? (task.Hooks is { Alone: true } ? Elsewhere : RunScript(task, spec, invocation));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            ended = new TaskEnded { Outcome = Outcome.Stopped };
        }
        catch (TaskSetupException e)
        {
            ended = TaskSession.Failed(ErrorDetails.From(e));
        }

        return (ended, invocation.Failure ?? ScriptHooks.Error(ended.Outcome == Outcome.Stopped ? Stopped : ended.Error ?? task.Hooks?.Error));
    }

    private static TaskEnded RunScript(RunTask task, ScriptSpec spec, ScriptInvocation invocation)
    {
        invocation.ImportModules(spec.Modules ?? []);
        return task.Script is null ? invocation.RunFile(spec) : invocation.RunText(task.Script, spec);
    }

    // Closing a runspace takes its time, and the process ends anyway: done only where the script asked to be told.
    private void RaiseExiting()
    {
        if (runspace.Events.Subscribers.Any(s => s.SourceIdentifier == PSEngineEvent.Exiting))
        {
            runspace.Close();
        }
    }
}
