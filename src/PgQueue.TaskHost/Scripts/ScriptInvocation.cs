using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>Runs a task's modules and its script, and tells their ends apart.</summary>
internal sealed class ScriptInvocation(Runspace runspace, ScriptHost host, StreamCapture capture, CancellationToken stop)
{
    /// <summary>What ended the last script early, as PowerShell's own record; null where it is none of PowerShell's.</summary>
    public ErrorRecord? Failure { get; private set; }

    /// <exception cref="TaskSetupException">A module can't be imported.</exception>
    /// <exception cref="OperationCanceledException">The task was told to stop.</exception>
    public void ImportModules(IReadOnlyList<string> modules)
    {
        foreach (var module in modules)
        {
            using var shell = NewShell();
            shell.AddCommand("Import-Module").AddParameter("Name", module).AddParameter("ErrorAction", ActionPreference.Stop);
            try
            {
                Invoke(shell);
            }
            catch (RuntimeException e)
            {
                throw new TaskSetupException($"The module '{module}' can't be imported: {ScriptErrors.MessageOf(e.ErrorRecord)}", e.ErrorRecord.Exception);
            }
        }
    }

    /// <exception cref="TaskSetupException">An argument or a $using: value can't be read.</exception>
    public TaskEnded RunText(string text, ScriptSpec spec) => RunText(text, Values(spec), spec);

    /// <summary>Runs a text with arguments by position that are objects already.</summary>
    /// <exception cref="TaskSetupException">An argument by name or a $using: value can't be read.</exception>
    public TaskEnded RunText(string text, object?[] args, ScriptSpec spec)
    {
        using var shell = NewShell();
        shell.AddScript(text);
        foreach (var value in args)
        {
            shell.AddArgument(value);
        }

        foreach (var (name, value) in spec.Params ?? new Dictionary<string, System.Text.Json.JsonElement>())
        {
            shell.AddParameter(name, JsonValues.ToObject(value));
        }

        if (UsingValues.For(text, spec.Using, runspace) is { } values)
        {
            shell.AddParameter(UsingValues.Parameter, values);
        }

        return End(shell, () => host.ExitCode);
    }

    /// <exception cref="TaskSetupException">The file is not there, or an argument can't be read.</exception>
    public TaskEnded RunFile(ScriptSpec spec)
    {
        var file = new ScriptFile(spec.File ?? throw new TaskSetupException("The task has neither a script nor a script file."));
        var named = new Hashtable(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in spec.Params ?? new Dictionary<string, System.Text.Json.JsonElement>())
        {
            named[name] = JsonValues.ToObject(value);
        }

        using var shell = NewShell();
        file.AddTo(shell, Values(spec), named);
        return End(shell, () => host.ExitCode ?? file.ExitCode(runspace));
    }

    private static object?[] Values(ScriptSpec spec) => [.. (spec.Args ?? []).Select(JsonValues.ToObject)];

    private TaskEnded End(PowerShell shell, Func<int?> exitCode)
    {
        host.ForgetExit();
        try
        {
            Invoke(shell);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new TaskEnded { Outcome = Outcome.Stopped };
        }
        catch (Exception e)
        {
            // What ends a script early, whatever its type, is the task's error.
            Failure = ScriptErrors.RecordOf(e);
            return TaskSession.Failed(ScriptErrors.From(e)) with { ExitCode = exitCode() };
        }

        return exitCode() switch
        {
            null or 0 => new TaskEnded { Outcome = Outcome.Completed, ExitCode = exitCode() },
            { } code => TaskSession.Failed(new ErrorDetail { Message = $"The script exited with code {code}." }) with { ExitCode = code },
        };
    }

    /// <exception cref="OperationCanceledException">The task was told to stop, and did.</exception>
    private void Invoke(PowerShell shell)
    {
        stop.ThrowIfCancellationRequested();
        using var stopping = stop.Register(shell.Stop);
        try
        {
            shell.Invoke<object, PSObject>(null, capture.Attach(shell), null);
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is PipelineStoppedException or InvalidPowerShellStateException)
        {
            throw new OperationCanceledException("The script was stopped.", e, stop);
        }

        if (shell.InvocationStateInfo.State == PSInvocationState.Stopped)
        {
            stop.ThrowIfCancellationRequested();
        }
    }

    private PowerShell NewShell()
    {
        var shell = PowerShell.Create();
        shell.Runspace = runspace;
        return shell;
    }
}
