using System.Diagnostics;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Adds tasks to a queue: one, or one for each pipeline object. Many are sent in batches, and none is lost in between:
/// a task that was emitted is in the database.
/// </summary>
[Cmdlet(VerbsCommon.Add, "PqTask", DefaultParameterSetName = ScriptSet)]
[OutputType(typeof(AddedTask))]
public sealed class AddTaskCommand : NewTaskCmdlet
{
    private const int BatchSize = 1000;

    /// <summary>Characters of arguments after which a batch is sent, however few tasks they are.</summary>
    private const int BatchLength = 4 * 1024 * 1024;

    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(200);

    private readonly List<(NewTask Task, object? Input)> _batch = [];
    private readonly Stopwatch _sinceSent = Stopwatch.StartNew();
    private NewTask _shared = null!;
    private TaskWork _work = null!;
    private InsideTask? _worker;
    private int _size;

    /// <summary>A task is added for each pipeline object, which becomes its first argument; of a command the last.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public PSObject? InputObject { get; set; }

    /// <summary>Not before this time.</summary>
    [Parameter]
    public DateTime? RunAt { get; set; }

    /// <summary>Not before so long from now, such as 10m, by the database's clock.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Delay { get; set; }

    /// <summary>Your own id for it, unique until the task is cleared; a script block makes one from each pipeline object.</summary>
    [Parameter]
    public ItemText? ClientId { get; set; }

    /// <summary>While an unfinished task has this key none is added, and that one is emitted; a script block makes one from each pipeline object.</summary>
    [Parameter]
    public ItemText? DedupeKey { get; set; }

    private protected override void Begin()
    {
        _work = ReadWork();
        _shared = new NewTask
        {
            Kind = _work.Kind,
            Script = _work.Script,
            Spec = _work.Spec(),
            Queue = Queue,
            Priority = Priority,
            Tags = Tag,
            Timeout = Timeout,
            MemoryLimit = MemoryLimit,
            MaxAttempts = MaxAttempts,
            Retry = Retry(),
            RunAt = RunAt,
            Delay = Delay,
        };
        _shared.Validate();
        _worker = Connection is null && DefaultConnection.Known is null ? InsideTask.Here : null;
        if (_worker is null)
        {
            _ = Client;
        }
    }

    private protected override void Process()
    {
        try
        {
            _batch.Add((Next(), InputObject));
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

    private NewTask Next()
    {
        var hasInput = MyInvocation.ExpectingInput || MyInvocation.BoundParameters.ContainsKey(nameof(InputObject));
        return new NewTask
        {
            Spec = hasInput ? _work.Spec(InputObject) : null,
            Name = Name is null ? _work.Name : Name.For(InputObject),
            ClientId = ClientId?.For(InputObject),
            DedupeKey = DedupeKey?.For(InputObject),
        };
    }

    private void Send()
    {
        try
        {
            Send([.. _batch.Select(b => b.Task)]);
        }
        catch (QueueException e) when (ErrorRecords.IsOfItem(e))
        {
            // None of the batch was added: now each alone, so that only the bad ones are left out.
            SendEach();
        }

        _batch.Clear();
        _size = 0;
        _sinceSent.Restart();
    }

    private void SendEach()
    {
        foreach (var (task, input) in _batch)
        {
            try
            {
                Send([task]);
            }
            catch (QueueException e) when (ErrorRecords.IsOfItem(e))
            {
                WriteError(ErrorRecords.From(e, input ?? task.ClientId)!);
            }
        }
    }

    private void Send(NewTask[] tasks)
    {
        if (tasks.Length == 0)
        {
            return;
        }

        var added = _worker is null
            ? Await(token => Client.AddAsync(tasks, _shared, token))
            : Await(token => _worker.AddAsync(tasks, _shared, token));
        foreach (var (task, answer) in tasks.Zip(added))
        {
            WriteObject(new AddedTask
            {
                Id = answer.Id,
                Name = task.Name,
                Queue = Queue ?? "default",
                Existing = answer.Existing,
            });
        }
    }
}
