using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Tells in lines what a worker does. They are information records like Write-Host's; once Ctrl+C has stopped the
/// pipeline, which then takes nothing any more, they go to the host itself.
/// </summary>
internal sealed class WorkerVoice(PSCmdlet cmdlet, CancellationToken stopping)
{
    /// <summary>False where nobody would hear of a task that begins.</summary>
    public bool TellsStarts { get; } = cmdlet.MyInvocation.BoundParameters.ContainsKey("Verbose")
        || cmdlet.GetVariableValue("VerbosePreference") is not ActionPreference.SilentlyContinue;

    public void Tell(WorkerEvent happened)
    {
        switch (happened)
        {
            case WorkerStarted e:
                Say(e.At, $"Worker {e.Name} takes tasks. Ctrl+C lets them finish, a second one ends them.");
                break;
            case TaskStarted e:
                Write(() => cmdlet.WriteVerbose($"{e.At:HH:mm:ss} started    {e.TaskId} {Cells.Plain(e.Name)}, attempt {e.Attempt}"), null);
                break;
            case TaskFinished e:
                Say(e.At, Line(e));
                break;
            case WorkerDraining e:
                Say(e.At, e.Running == 0 ? "Ending." : $"Finishing {(e.Running == 1 ? "1 task" : $"{e.Running} tasks")}; Ctrl+C ends what runs at once.");
                break;
            case WorkerWarning e:
                Write(() => cmdlet.WriteWarning(e.Message), $"WARNING: {e.Message}");
                break;
            default:
                break;
        }
    }

    /// <summary>Emits what the worker did; tells it in a line where its tasks were emitted.</summary>
    public void Tell(WorkerSummary summary, bool inALine)
    {
        var line = $"Worker {summary.Worker} has ended: {summary.Completed} completed, {summary.Failed} failed, {summary.Canceled} canceled, {summary.Retried} attempts retried, {summary.Released} given back.";
        if (inALine)
        {
            Say(DateTime.Now, line);
        }
        else
        {
            Write(() => cmdlet.WriteObject(summary), line);
        }
    }

    private static string Line(TaskFinished e)
    {
        var what = e.GivenBack ? "given back"
            : e.State is TaskState.Ready or TaskState.Scheduled ? "try again"
            : e.State.ToString().ToLowerInvariant();
        var took = string.Create(CultureInfo.CurrentCulture, $"{e.Duration.TotalSeconds:0.0} s");
        var error = e.Error is null || e.GivenBack ? "" : $": {e.Error.Message.Split('\n')[0].TrimEnd()}";
        return Cells.Plain($"{what,-10} {e.TaskId} {e.Name} ({took}){error}");
    }

    private void Say(DateTime at, string text)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{at:HH:mm:ss} {text}");
        Write(() => cmdlet.WriteInformation(new HostInformationMessage { Message = line }, ["PSHOST"]), line);
    }

    private void Write(Action write, string? line)
    {
        try
        {
            if (!stopping.IsCancellationRequested)
            {
                write();
                return;
            }
        }
        catch (PipelineStoppedException)
        {
            // Stopped in between: what was to be said still is, below.
        }

        if (line is not null)
        {
            cmdlet.Host.UI.WriteLine(line);
        }
    }
}
