using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that reads the tasks which filters name. All filters given must hold.</summary>
public abstract class TaskQueryCmdlet : QueueCmdlet
{
    private protected const string QuerySet = "Query";

    // Boxed, see ModuleLifetime.
    private object? _sortBy;

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
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Tasks that have all of these tags.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [ArgumentCompleter(typeof(TagCompleter))]
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
    [ArgumentCompleter(typeof(ClientIdCompleter))]
    public string[]? ClientId { get; set; }

    /// <summary>Tasks of these priorities: Batch, Low, Normal, High, Critical, or numbers, such as (50..75).</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [PrioritiesTransformation]
    [ArgumentCompleter(typeof(PriorityCompleter))]
    public int[]? Priority { get; set; }

    /// <summary>Tasks of these groups; * and ? are wildcards.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GroupCompleter))]
    public string[]? Group { get; set; }

    /// <summary>Tasks that these schedules have added; * and ? are wildcards.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    public string[]? Schedule { get; set; }

    /// <summary>Tasks that finished in one of these ways, such as Timeout or Lost.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public TaskEnd[]? Ended { get; set; }

    /// <summary>Tasks that finished with one of these exit codes.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public int[]? ExitCode { get; set; }

    /// <summary>Tasks whose error is of one of these types, named in full or without the namespace; * and ? are wildcards.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ErrorTypeCompleter))]
    public string[]? ErrorType { get; set; }

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

    /// <summary>
    /// Id, Name, Queue, Priority, CreatedAt, RunAt, StartedAt, FinishedAt or Duration: newest and greatest first, but names
    /// in the order of the alphabet. Default: Id.
    /// </summary>
    [Parameter(ParameterSetName = QuerySet)]
    public TaskSort SortBy
    {
        get => (TaskSort?)_sortBy ?? TaskSort.Id;
        set => _sortBy = value;
    }

    /// <summary>Oldest, smallest or first of the alphabet first.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public SwitchParameter Ascending { get; set; }

    /// <summary>Newest, greatest or last of the alphabet first.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public SwitchParameter Descending { get; set; }

    private protected override void Begin()
    {
        if (Ascending && Descending)
        {
            throw new QueueException(QueueError.InvalidArgument, "-Ascending and -Descending exclude each other; give one of them.");
        }
    }

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
        Priorities = Priority,
        Groups = Group,
        Schedules = Schedule,
        Ends = Ended,
        ExitCodes = ExitCode,
        ErrorTypes = ErrorType,
        ErrorText = ErrorText,
        Limit = First,
        Offset = Skip,
        SortBy = SortBy,
        Ascending = Ascending || (!Descending && SortBy is TaskSort.Name or TaskSort.Queue),
    };

    /// <summary>A time as the engine takes it: a time of no known kind is local.</summary>
    private protected static DateTimeOffset? At(DateTime? time) => time is null ? null : new DateTimeOffset(time.Value);
}
