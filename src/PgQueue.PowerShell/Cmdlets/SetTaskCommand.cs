using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Adds tasks by your own ids, or puts them in the place of those that have these; or changes waiting tasks by their ids.
/// With -ClientId: a task of that id that waits or has finished is replaced under its own number, with no attempt used; one
/// that runs is let finish, without another attempt, and the new one runs after it. With -Id: only what is given changes.
/// </summary>
[Cmdlet(VerbsCommon.Set, "PqTask", DefaultParameterSetName = ScriptSet, SupportsShouldProcess = true)]
[OutputType(typeof(SetTask), ParameterSetName = [ScriptSet, FileSet, CommandSet, MethodSet])]
[OutputType(typeof(QueueTask), ParameterSetName = [IdSet])]
public sealed partial class SetTaskCommand : PipelineTaskCmdlet
{
    private const string IdSet = "Id";

    /// <summary>Your own id for the task; a script block makes one from each pipeline object.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ScriptSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileSet)]
    [Parameter(Mandatory = true, ParameterSetName = CommandSet)]
    [Parameter(Mandatory = true, ParameterSetName = MethodSet)]
    [ArgumentCompleter(typeof(ClientIdCompleter))]
    public ItemText ClientId { get; set; } = null!;

    /// <summary>Arguments by position. A pipeline object comes before them; for a command after them. With -Id: all that the tasks have.</summary>
    [Parameter(Position = 1, ParameterSetName = ScriptSet)]
    [Parameter(Position = 1, ParameterSetName = FileSet)]
    [Parameter(Position = 1, ParameterSetName = CommandSet)]
    [Parameter(Position = 1, ParameterSetName = MethodSet)]
    [Parameter(ParameterSetName = IdSet)]
    [Alias("Args")]
    [AllowNull]
    [AllowEmptyCollection]
    public override object?[]? ArgumentList
    {
        get => base.ArgumentList;
        set => base.ArgumentList = value;
    }

    /// <summary>Arguments by name. With -Id: all that the tasks have; a command has none.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = MethodSet)]
    [Parameter(ParameterSetName = IdSet)]
    public override IDictionary? Parameters
    {
        get => base.Parameters;
        set => base.Parameters = value;
    }

    private protected override void Begin()
    {
        if (ParameterSetName == IdSet)
        {
            BeginChange();
        }
        else
        {
            base.Begin();
        }
    }

    private protected override void Process()
    {
        if (ParameterSetName == IdSet)
        {
            Change();
        }
        else
        {
            base.Process();
        }
    }

    private protected override void End()
    {
        if (ParameterSetName == IdSet)
        {
            _changes.Send();
        }
        else
        {
            base.End();
        }
    }

    private protected override NewTask Complete(NewTask task, object? input)
    {
        var id = ClientId.For(input);
        Argument.Require(!string.IsNullOrEmpty(id), nameof(ClientId), ClientId, "gives no id for this object");
        return task with { ClientId = id };
    }

    private protected override bool IsWanted(NewTask task) =>
        ShouldProcess($"Task with the client id {task.ClientId}", "Add, or replace the one there is");

    private protected override void Store(IReadOnlyList<NewTask> tasks, NewTask shared)
    {
        var answers = Await(token => Client.SetAsync(tasks, shared, token));
        foreach (var (task, answer) in tasks.Zip(answers))
        {
            WriteObject(new SetTask(answer) { Name = task.Name, Queue = shared.Queue ?? "default", ClientId = task.ClientId! });
        }
    }
}
