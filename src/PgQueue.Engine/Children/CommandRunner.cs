using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Runs tasks of kind <c>command</c>.</summary>
internal sealed class CommandRunner(ChildSettings settings, Supervisor supervisor)
{
    public async Task<(RunOutcome Outcome, StopReason? Stopped)> RunAsync(RunControl control, RunOutput output)
    {
        var task = control.Task;
        if (!TryPrepare(task, out var spec, out var start, out var mark, out var refusal))
        {
            return (refusal, null);
        }

        IChildProcess child;
        try
        {
            child = ChildProcess.Start(start, mark);
        }
        catch (Win32Exception e)
        {
            return (RunOutcome.Failed(TaskEnd.Error, $"The executable '{start.File}' could not be started: {e.Message}.", e.GetType().FullName), null);
        }

        await using (child.ConfigureAwait(false))
        {
            var done = ChildOutput.PumpAsync(
                child,
                line => output.AddAsync(OutputStream.Output, line, null, CancellationToken.None),
                line => output.AddAsync(OutputStream.Error, line, null, CancellationToken.None),
                CancellationToken.None);
            var stopped = await supervisor.WatchAsync(child, control, done, _ => Terminate(child)).ConfigureAwait(false);
            await done.ConfigureAwait(false);
            return (Judge(await child.Exited.ConfigureAwait(false), spec), stopped);
        }
    }

    private static Task Terminate(IChildProcess child)
    {
        child.Terminate();
        return Task.CompletedTask;
    }

    private bool TryPrepare(ClaimedTask task, out CommandSpec spec, out ProcessStart start, out string mark, out RunOutcome refusal)
    {
        (spec, start, mark, refusal) = (null!, null!, "", null!);
        try
        {
            spec = JsonSerializer.Deserialize(task.Spec, ProtocolJson.Default.CommandSpec)!;
        }
        catch (JsonException e)
        {
            refusal = RunOutcome.Failed(TaskEnd.Error, $"The task's spec can't be read: {e.Message}", e.GetType().FullName);
            return false;
        }

        var directory = Path.GetFullPath(spec.Cwd ?? ".");
        if (!Directory.Exists(directory))
        {
            refusal = RunOutcome.Failed(TaskEnd.Error, $"The working directory '{directory}' does not exist on {Environment.MachineName}.", typeof(DirectoryNotFoundException).FullName);
            return false;
        }

        mark = settings.NextMark();
        var environment = settings.EnvironmentOf(mark, [.. TaskVariables(task), .. spec.Env ?? new Dictionary<string, string?>()]);
        var file = Executables.Find(spec.File, environment.GetValueOrDefault("PATH"), directory);
        if (file is null)
        {
            refusal = RunOutcome.Failed(TaskEnd.Error, $"The executable '{spec.File}' was not found on {Environment.MachineName}, or may not be executed.\nPATH is '{environment.GetValueOrDefault("PATH")}'.", typeof(FileNotFoundException).FullName);
            return false;
        }

        start = new ProcessStart(file, spec.Args ?? [], environment, directory);
        return true;
    }

    private static Dictionary<string, string?> TaskVariables(ClaimedTask task) => new()
    {
        ["PGQUEUE_TASK_ID"] = task.Id.ToString(CultureInfo.InvariantCulture),
        ["PGQUEUE_TASK_RUN"] = task.Run.ToString(CultureInfo.InvariantCulture),
        ["PGQUEUE_TASK_ATTEMPT"] = task.Attempt.ToString(CultureInfo.InvariantCulture),
        ["PGQUEUE_TASK_QUEUE"] = task.Queue,
        ["PGQUEUE_TASK_NAME"] = task.Name,
    };

    private static RunOutcome Judge(ProcessExit exit, CommandSpec spec)
    {
        var outcome = exit switch
        {
            { Signal: { } signal } => Signals.Outcome(signal),
            { ExitCode: { } code } when (spec.SuccessCodes ?? [0]).Contains(code) => new RunOutcome(TaskEnd.Success),
            { ExitCode: { } code } => RunOutcome.Failed(TaskEnd.ExitCode, $"The command '{spec.File}' ended with exit code {code}."),
            _ => RunOutcome.Failed(TaskEnd.Error, $"How the command '{spec.File}' ended is not known: something else in the worker's process collected its end."),
        };
        return outcome with { ExitCode = exit.ExitCode, Signal = exit.Signal, PeakMemory = exit.PeakMemory };
    }
}
