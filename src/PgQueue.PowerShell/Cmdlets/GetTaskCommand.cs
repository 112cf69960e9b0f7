using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Tasks, finished ones too: those that filters name, newest first, or those of ids.</summary>
[Cmdlet(VerbsCommon.Get, "PqTask", DefaultParameterSetName = QuerySet)]
[OutputType(typeof(QueueTask))]
public sealed class GetTaskCommand : TaskQueryCmdlet
{
    private const string IdSet = "Id";
    private const int Chunk = 500;

    private readonly List<long> _ids = [];

    /// <summary>The tasks of these ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = IdSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public long[] Id { get; set; } = [];

    /// <summary>Tasks in these states.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public TaskState[]? State { get; set; }

    /// <summary>Tasks added at or after this time, or within so long, such as 1h.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? Since { get; set; }

    /// <summary>Tasks added before this time, or longer ago, such as 7d.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? Before { get; set; }

    /// <summary>Tasks that finished at or after this time, or within so long.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? FinishedSince { get; set; }

    /// <summary>Tasks that finished before this time, or longer ago.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? FinishedBefore { get; set; }

    private protected override void Process()
    {
        if (ParameterSetName == IdSet)
        {
            _ids.AddRange(Id);
            if (_ids.Count >= Chunk)
            {
                WriteById();
            }

            return;
        }

        WriteTasks(Query() with
        {
            States = State,
            CreatedFrom = At(Since),
            CreatedBefore = At(Before),
            FinishedFrom = At(FinishedSince),
            FinishedBefore = At(FinishedBefore),
        });
    }

    private protected override void End() => WriteById();

    private void WriteById()
    {
        if (_ids.Count == 0)
        {
            return;
        }

        var found = new Dictionary<long, QueueTask>();
        foreach (var task in Pull(token => Client.QueryAsync(new TaskQuery { Ids = _ids }, token)))
        {
            found[task.Id] = task;
        }

        foreach (var id in _ids)
        {
            if (found.TryGetValue(id, out var task))
            {
                WriteObject(task);
            }
            else
            {
                WriteTaskNotFound(id);
            }
        }

        _ids.Clear();
    }
}
