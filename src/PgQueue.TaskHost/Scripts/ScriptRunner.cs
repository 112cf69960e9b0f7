using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>Runs a script in this process's one runspace, as a fresh pwsh would.</summary>
internal sealed class ScriptRunner : ITaskRunner
{
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

        runspace.Open();
        return new ScriptRunner(runspace, host);
    }

    public void WarmUp(Func<bool> taskHasCome) => ScriptWarmUp.Run(runspace, taskHasCome);

    public TaskEnded Run(RunTask task, OutputQueue output, CancellationToken stop)
    {
        var spec = task.Spec.Deserialize(ProtocolJson.Default.ScriptSpec) ?? new ScriptSpec();
        TaskEnvironment.Apply(spec.Cwd, spec.Env);
        runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(Environment.CurrentDirectory));
        runspace.SessionStateProxy.PSVariable.Set(TaskVariable.From(task));

        using var capture = new StreamCapture(output);
        host.Output = capture;
        var invocation = new ScriptInvocation(runspace, host, capture, stop);
        try
        {
            invocation.ImportModules(spec.Modules ?? []);
            return task.Script is null ? invocation.RunFile(spec) : invocation.RunText(task.Script, spec);
        }
        finally
        {
            RaiseExiting();
        }
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
