using System.Management.Automation;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <content>Changing waiting tasks by their ids.</content>
public sealed partial class SetTaskCommand
{
    private static readonly string[] RetryOptions =
        [nameof(RetryDelay), nameof(Backoff), nameof(MaxRetryDelay), nameof(RetryJitter), nameof(RetryOn), nameof(NoRetryOn)];

    private readonly TaskIdBatch _changes;
    private TaskChange _change = null!;

    /// <summary>Makes the cmdlet.</summary>
    public SetTaskCommand() => _changes = new(this, Change, ExplainUnchanged, Emit);

    /// <summary>The ids of waiting tasks to change.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = IdSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId")]
    [IdOf(IdOfAttribute.Task)]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public long[] Id { get; set; } = [];

    /// <summary>Settings to take away: Name, Tag, Timeout, MemoryLimit, ProcessLimit, Retry, DeadLetterQueue, ExpiresAt. Retry stands for all options of retries but -MaxAttempts.</summary>
    [Parameter(ParameterSetName = IdSet)]
    [ValidateSet("Name", "Tag", "Timeout", "MemoryLimit", "ProcessLimit", "Retry", "DeadLetterQueue", "ExpiresAt")]
    public string[] Clear { get; set; } = [];

    /// <summary>Emit the tasks as they are then.</summary>
    [Parameter(ParameterSetName = IdSet)]
    public SwitchParameter PassThru { get; set; }

    private bool ChangesArguments => ArgumentList is not null || Parameters is not null;

    private void BeginChange()
    {
        Argument.Require(Name is not { IsScript: true }, nameof(Name), Name, "is a script block, which only -ClientId goes with; give a text");
        RequireTimeToRun();
        Argument.RefuseSetAndCleared(MyInvocation, Clear, name => name switch
        {
            "Retry" => RetryOptions,
            "ExpiresAt" => [nameof(ExpiresAt), nameof(ExpireAfter)],
            _ => [name],
        });

        _change = new TaskChange
        {
            Queue = Queue,
            Priority = Priority,
            Name = Name?.For(null),
            Tags = Tag,
            Timeout = Timeout,
            MemoryLimit = MemoryLimit,
            ProcessLimit = ProcessLimit,
            MaxAttempts = MaxAttempts,
            MaxLost = MaxLost,
            Retry = Retry(),
            RunAt = RunAt,
            Delay = Delay,
            DeadLetterQueue = DeadLetterQueue,
            ExpiresAt = ExpiresAt,
            ExpireAfter = ExpireAfter,
            Clear = [.. Clear.Select(name => name == "Tag" ? nameof(TaskChange.Tags) : name)],
        };

        // Checked before anything is asked or sent; arguments wait for the tasks' kinds.
        _ = (ChangesArguments ? _change with { Args = [] } : _change).ToJson();
        _ = Client;
    }

    private void Change()
    {
        foreach (var id in Id)
        {
            if (ShouldProcess($"Task {id}", "Change"))
            {
                _changes.Add(id);
            }
        }
    }

    private IReadOnlyCollection<long> Change(IReadOnlyCollection<long> ids)
    {
        if (!ChangesArguments)
        {
            return Await(token => Client.ChangeAsync(ids, _change, token));
        }

        var changed = new List<long>();
        foreach (var ofKind in ReadTasks(ids).GroupBy(t => t.Kind).ToList())
        {
            var named = Parameters is null || ofKind.Key == TaskKind.Command ? null : WorkArguments.ByName(ofKind.Key, Parameters);
            var change = _change with
            {
                Args = ArgumentList is null ? null : new JsonArray([.. WorkArguments.ByPosition(ofKind.Key, ArgumentList)]),
                Parameters = named,
            };
            if (Parameters is null || named is not null)
            {
                changed.AddRange(Await(token => Client.ChangeAsync([.. ofKind.Select(t => t.Id)], change, token)));
            }
        }

        return changed;
    }

    private void ExplainUnchanged(QueueTask task)
    {
        var (id, reason) = task switch
        {
            { IsFinished: true } => ("TaskFinished", $"has finished ({task.State}); only a waiting task can be changed. Restart it with Restart-PqTask, or add another one"),
            { State: TaskState.Running } => ("TaskRunning", "runs; only a waiting task can be changed. Cancel it with Stop-PqTask, or let another one run after it: Add-PqTask -AfterAny"),
            { Kind: TaskKind.Command } when Parameters is not null => ("CommandHasNoParameters", "is a command, which has no arguments by name. Give them by position, with -ArgumentList"),
            _ => ("TaskRunning", "ran at the moment of the change, and waits again. Change it once more"),
        };
        WriteItemError(id, ErrorCategory.InvalidOperation, $"Task {task.Id} {reason}.", task.Id);
    }

    private void Emit(IReadOnlyCollection<long> changed)
    {
        if (PassThru)
        {
            foreach (var task in ReadTasks(changed).OrderBy(t => t.Id))
            {
                WriteObject(task);
            }
        }
    }
}
