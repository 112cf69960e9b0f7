using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Adds tasks to a queue: one, or one for each pipeline object. Emits each, as it is in the database: pipe to Out-Null
/// where that is not wanted.
/// </summary>
[Cmdlet(VerbsCommon.Add, "PqTask", DefaultParameterSetName = ScriptSet)]
[OutputType(typeof(AddedTask))]
public sealed class AddTaskCommand : PipelineTaskCmdlet
{
    private InsideTask? _worker;

    /// <summary>Your own id for it, unique until the task is cleared; a script block makes one from each pipeline object.</summary>
    [Parameter]
    public ItemText? ClientId { get; set; }

    /// <summary>While an unfinished task has this key none is added, and that one is emitted; a script block makes one from each pipeline object.</summary>
    [Parameter]
    public ItemText? DedupeKey { get; set; }

    private protected override void Open()
    {
        _worker = Connection is null && DefaultConnection.Known is null ? InsideTask.Here : null;
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
