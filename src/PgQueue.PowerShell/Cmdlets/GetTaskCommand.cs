using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Tasks, finished ones too: those that filters name, newest first, or those of ids.</summary>
[Cmdlet(VerbsCommon.Get, "PqTask", DefaultParameterSetName = QuerySet)]
[OutputType(typeof(QueueTask), typeof(TaskAttempt))]
public sealed class GetTaskCommand : TaskQueryCmdlet
{
    private const string IdSet = "Id";
    private const int Chunk = 500;

    private readonly List<long> _ids = [];

    /// <summary>The tasks of these ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = IdSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId")]
    [IdOf(IdOfAttribute.Task)]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public long[] Id { get; set; } = [];

    /// <summary>Emit every run of each task in place of the task: those before, with how they ended, and the one it is in.</summary>
    [Parameter(ParameterSetName = IdSet)]
    public SwitchParameter Attempts { get; set; }

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

    /// <summary>Tasks whose last run began at or after this time, or within so long.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? StartedSince { get; set; }

    /// <summary>Tasks whose last run began before this time, or longer ago.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? StartedBefore { get; set; }

    /// <summary>Tasks that are, or were, due at or after this time; 1h is in an hour.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation(Ahead = true)]
    public DateTime? DueSince { get; set; }

    /// <summary>Tasks that are, or were, due before this time; 1h is in an hour.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation(Ahead = true)]
    public DateTime? DueBefore { get; set; }

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
            StartedFrom = At(StartedSince),
            StartedBefore = At(StartedBefore),
            DueFrom = At(DueSince),
            DueBefore = At(DueBefore),
        });
    }

    private protected override void End() => WriteById();

    private void WriteById()
    {
        if (_ids.Count == 0)
        {
            return;
        }

        if (Attempts)
        {
            WriteAttempts();
        }
        else
        {
            WriteTasks();
        }

        _ids.Clear();
    }

    private void WriteTasks()
    {
        var found = Pull(token => Client.QueryAsync(new TaskQuery { Ids = _ids }, token)).ToDictionary(t => t.Id);
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
    }

    private void WriteAttempts()
    {
        var found = Pull(token => Client.GetAttemptsAsync(_ids, token)).ToLookup(a => a.TaskId);
        var without = _ids.Where(id => !found.Contains(id)).ToList();
        var waiting = without.Count == 0
            ? []
            : Pull(token => Client.QueryAsync(new TaskQuery { Ids = without }, token)).Select(t => t.Id).ToHashSet();
        foreach (var id in _ids)
        {
            if (!found.Contains(id) && !waiting.Contains(id))
            {
                WriteTaskNotFound(id);
            }

            WriteObject(found[id], enumerateCollection: true);
        }
    }
}
