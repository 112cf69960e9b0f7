using System.Diagnostics;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// A cmdlet that stores a task, or one for each pipeline object. Many are sent in batches, and none is lost in between: a
/// task that was emitted is in the database.
/// </summary>
public abstract class PipelineTaskCmdlet : NewTaskCmdlet
{
    private const int BatchSize = 1000;

    /// <summary>Characters of arguments after which a batch is sent, however few tasks they are.</summary>
    private const int BatchLength = 4 * 1024 * 1024;

    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(200);

    private readonly List<(NewTask Task, object? Input)> _batch = [];
    private readonly Stopwatch _sinceSent = Stopwatch.StartNew();
    private NewTask _shared = null!;
    private TaskWork _work = null!;
    private long _items;
    private int _size;
    private bool _isOpen;

    private protected PipelineTaskCmdlet()
    {
    }

    /// <summary>A task is stored for each pipeline object, which becomes its first argument; of a command the last.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = ScriptSet)]
    [Parameter(ValueFromPipeline = true, ParameterSetName = FileSet)]
    [Parameter(ValueFromPipeline = true, ParameterSetName = CommandSet)]
    [Parameter(ValueFromPipeline = true, ParameterSetName = MethodSet)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public PSObject? InputObject { get; set; }

    /// <summary>A name to find it by; a script block makes one from each pipeline object. Default: a file's name.</summary>
    [Parameter]
    public ItemText? Name { get; set; }

    /// <summary>Not before this time.</summary>
    [Parameter]
    public DateTime? RunAt { get; set; }

    /// <summary>Not before so long from now, such as 10m, by the database's clock.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Delay { get; set; }

    /// <summary>Not worth starting any more at this time: it ends canceled then.</summary>
    [Parameter]
    public DateTime? ExpiresAt { get; set; }

    /// <summary>
    /// Tasks that must complete first, or their ids. When one of them fails or is canceled, this one ends canceled. Its
    /// script reads their results in $PqTask.Inputs.
    /// </summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = MethodSet)]
    [TaskIdTransformation]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public long[]? After { get; set; }

    /// <summary>Tasks that must end first, however they end, or their ids.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = MethodSet)]
    [TaskIdTransformation]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public long[]? AfterAny { get; set; }

    private protected sealed override bool HasItems => true;

    /// <summary>
    /// True where each item may be asked for, shown or told of: that costs more than to read it, and it is seldom wanted.
    /// Nothing is connected then until there is something to store.
    /// </summary>
    private protected bool Asks { get; private set; }

    private protected override void Begin()
    {
        _work = ReadWork();
        _shared = Settings(_work) with
        {
            RunAt = RunAt,
            Delay = Delay,
            ExpiresAt = ExpiresAt,
            After = After,
            AfterAny = AfterAny,
        };
        _shared.Validate();
        RequireTimeToRun();
        Asks = MayAsk();
        if (!Asks)
        {
            Open();
            _isOpen = true;
        }
    }

    private protected override void Process()
    {
        _items++;
        try
        {
            var task = Next();
            if (!IsWanted(task))
            {
                return;
            }

            if (!_isOpen)
            {
                Open();
                _isOpen = true;
            }

            _batch.Add((task, InputObject));
            _size += _work.LastLength;
        }
        catch (Exception e) when (e is CmdletException or (RuntimeException and not PipelineStoppedException))
        {
            var record = e is CmdletException own ? own.Record : ((RuntimeException)e).ErrorRecord;
            WriteError(new ErrorRecord(record.Exception, record.FullyQualifiedErrorId, record.CategoryInfo.Category, InputObject));
            return;
        }

        if (_batch.Count >= BatchSize || _size >= BatchLength || _sinceSent.Elapsed >= BatchTime)
        {
            Send();
        }
    }

    private protected override void End() => Send();

    /// <exception cref="CmdletException">It would expire before it could run.</exception>
    private protected void RequireTimeToRun() =>
        Argument.Require(ExpiresAt is null || ExpiresAt > DateTime.Now, nameof(ExpiresAt), ExpiresAt, "has passed: it would expire before it could run");

    /// <summary>Connects, so that what is wrong with the connection is said before any item is read.</summary>
    private protected virtual void Open() => _ = Client;

    /// <summary>A task with what is its own only in this cmdlet.</summary>
    /// <param name="task">The task with what is its own in any.</param>
    /// <param name="input">The pipeline object.</param>
    private protected abstract NewTask Complete(NewTask task, object? input);

    /// <summary>False where the user, asked for it, does not want a task to be stored.</summary>
    private protected abstract bool IsWanted(NewTask task);

    /// <summary>Stores tasks, all or none, and emits what identifies them.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="shared">What they have in common.</param>
    private protected abstract void Store(IReadOnlyList<NewTask> tasks, NewTask shared);

    private bool MayAsk() =>
        MyInvocation.BoundParameters.Keys.Any(name => name is "WhatIf" or "Confirm" or "Verbose" or "Debug")
        || LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"))
        || GetVariableValue("ConfirmPreference") is not (ConfirmImpact.High or ConfirmImpact.None)
        || GetVariableValue("VerbosePreference") is not ActionPreference.SilentlyContinue;

    private NewTask Next()
    {
        var hasInput = MyInvocation.ExpectingInput || MyInvocation.BoundParameters.ContainsKey(nameof(InputObject));
        var group = Group is { IsScript: true } ? Group.For(InputObject) : null;
        return Complete(
            new NewTask
            {
                Spec = hasInput ? _work.Spec(InputObject, _items) : null,
                Name = Name is null ? _work.Name : Name.For(InputObject),
                Group = group,
                GroupOrder = group is null ? null : Order,
            },
            InputObject);
    }

    private void Send()
    {
        Send(0, _batch.Count);
        _batch.Clear();
        _size = 0;
        _sinceSent.Restart();
    }

    /// <summary>Stores a part of the batch. Where an item of it is bad none of the part was stored: then each half, so that only the bad ones are left out.</summary>
    private void Send(int from, int count)
    {
        if (count == 0)
        {
            return;
        }

        try
        {
            Store([.. _batch.Slice(from, count).Select(b => b.Task)], _shared);
        }
        catch (QueueException e) when (e.Error == QueueError.TaskNotFound)
        {
            // Only -After names tasks, the same for all.
            throw new CmdletException(ErrorRecords.From(e, e.TaskId)!);
        }
        catch (QueueException e) when (ErrorRecords.IsOfItem(e) && count == 1)
        {
            var (task, input) = _batch[from];
            WriteError(ErrorRecords.From(e, input ?? task.ClientId)!);
        }
        catch (QueueException e) when (ErrorRecords.IsOfItem(e))
        {
            Send(from, count / 2);
            Send(from + (count / 2), count - (count / 2));
        }
    }
}
