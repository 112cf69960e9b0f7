using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Makes finished tasks ready to run again. Each keeps its id and arguments; its attempts are counted anew.</summary>
[Cmdlet(VerbsLifecycle.Restart, "PqTask", SupportsShouldProcess = true)]
[OutputType(typeof(QueueTask))]
public sealed class RestartTaskCommand : TaskChangeCmdlet
{
    /// <summary>The task that runs for each id now: a dead letter brings back another one.</summary>
    private Dictionary<long, long> _runs = [];

    /// <summary>Emit the tasks as they are then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string Action => "Restart";

    private protected override IReadOnlyCollection<long> Change(IReadOnlyCollection<long> ids)
    {
        _runs = new(Await(token => Client.RestartAsync(ids, token)));
        return _runs.Keys;
    }

    private protected override void ExplainUnchanged(QueueTask task) => WriteItemError(
        "TaskNotRestarted",
        ErrorCategory.InvalidOperation,
        task.IsFinished
            ? $"Task {task.Id} can't run again while an unfinished task has its dedupe key '{task.DedupeKey}'."
            : $"Task {task.Id} is {task.State.ToString().ToLowerInvariant()}; only a finished task can be restarted. Cancel it first with Stop-PqTask.",
        task.Id);

    private protected override void Emit(IReadOnlyCollection<long> changed)
    {
        if (PassThru)
        {
            WriteTasks([.. changed.Select(id => _runs[id])]);
        }
    }
}
