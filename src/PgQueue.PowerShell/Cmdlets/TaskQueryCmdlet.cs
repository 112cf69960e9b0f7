using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that reads the tasks which filters name. All filters given must hold.</summary>
public abstract class TaskQueryCmdlet : QueueCmdlet
{
    private protected const string QuerySet = "Query";

    private protected TaskQueryCmdlet()
    {
    }

    /// <summary>Tasks of these queues; * and ? are wildcards.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[]? Queue { get; set; }

    /// <summary>Tasks of these names; * and ? are wildcards.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <summary>Tasks that have all of these tags.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public string[]? Tag { get; set; }

    /// <summary>Tasks that run a script, a method or a command.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public TaskKind[]? Kind { get; set; }

    /// <summary>Tasks that one of these workers runs or ran last; * and ? are wildcards.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkerCompleter))]
    public string[]? Worker { get; set; }

    /// <summary>The tasks of these ids of your own.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public string[]? ClientId { get; set; }

    /// <summary>Tasks whose error's message contains this text, in any case; * and ? are wildcards.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [SupportsWildcards]
    public string? ErrorText { get; set; }

    /// <summary>This many at the most. Default: all, streamed.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [ValidateRange(0, long.MaxValue)]
    public long? First { get; set; }

    /// <summary>Leave out this many first.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [ValidateRange(0, long.MaxValue)]
    public long Skip { get; set; }

    /// <summary>Oldest first. Default: newest first.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public SwitchParameter Ascending { get; set; }

    private protected void WriteTasks(TaskQuery query)
    {
        foreach (var task in Pull(token => Client.QueryAsync(query, token)))
        {
            WriteObject(task);
        }
    }

    private protected TaskQuery Query() => new()
    {
        Queues = Queue,
        Names = Name,
        Tags = Tag,
        Kinds = Kind,
        Workers = Worker,
        ClientIds = ClientId,
        ErrorText = ErrorText,
        Limit = First,
        Offset = Skip,
        Ascending = Ascending,
    };

    /// <summary>A time as the engine takes it: a time of no known kind is local.</summary>
    private protected static DateTimeOffset? At(DateTime? time) => time is null ? null : new DateTimeOffset(time.Value);
}
