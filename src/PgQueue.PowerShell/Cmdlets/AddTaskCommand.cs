using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Adds tasks to a queue: one, or one for each pipeline object. Emits each, as it is in the database: pipe to Out-Null
/// where that is not wanted.
/// </summary>
[Cmdlet(VerbsCommon.Add, "PqTask", DefaultParameterSetName = ScriptSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(AddedTask), typeof(TaskJob))]
public sealed class AddTaskCommand : PipelineTaskCmdlet
{
    private InsideTask? _worker;

    /// <summary>Your own id for it, unique until the task is cleared; a script block makes one from each pipeline object.</summary>
    [Parameter]
    public ItemText? ClientId { get; set; }

    /// <summary>While an unfinished task has this key none is added, and that one is emitted; a script block makes one from each pipeline object.</summary>
    [Parameter]
    public ItemText? DedupeKey { get; set; }

    /// <summary>Emit a job of this session for each task, which follows it: see ConvertTo-PqJob.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    private protected override string? NotInTransaction => AsJob ? TaskJobs.NotInTransaction : null;

    private protected override void Open()
    {
        _worker = !AsJob && Connection is null && DefaultConnection.Known is null ? InsideTask.Here : null;
        if (_worker is null)
        {
            base.Open();
        }
    }

    private protected override NewTask Complete(NewTask task, object? input) => ClientId is null && DedupeKey is null ? task : task with
    {
        ClientId = ClientId?.For(input),
        DedupeKey = DedupeKey?.For(input),
    };

    private protected override bool IsWanted(NewTask task) =>
        !Asks || ShouldProcess(task.Name is null ? $"Queue '{Queue ?? "default"}'" : $"Queue '{Queue ?? "default"}', task '{task.Name}'", "Add a task");

    /// <summary>With client ids, tries again while the connection is broken; without them nobody may.</summary>
    private IReadOnlyList<PgQueue.AddedTask> AddSafely(TaskAddition addition) =>
        addition.IsRepeatable && TryAwait(addition.TryAsync, TaskAddition.Patience, out var added)
            ? added
            : Await(addition.TryAsync);

    private protected override void Store(IReadOnlyList<NewTask> tasks, NewTask shared)
    {
        var added = _worker is null
            ? AddSafely(Client.Addition(tasks, shared))
            : Await(token => _worker.AddAsync(tasks, shared, token));
        if (AsJob)
        {
            TaskJobs.Emit(this, [.. added.Select(a => a.Id)]);
            return;
        }

        foreach (var (task, answer) in tasks.Zip(added))
        {
            WriteObject(new AddedTask
            {
                Id = answer.Id,
                Name = task.Name,
                Queue = shared.Queue ?? "default",
                Existing = answer.Existing,
            });
        }
    }
}
