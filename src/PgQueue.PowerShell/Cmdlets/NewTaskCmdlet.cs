using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that describes a task: what it runs, and how.</summary>
public abstract partial class NewTaskCmdlet : QueueCmdlet
{
    internal const string ScriptSet = "Script";
    internal const string FileSet = "File";
    internal const string CommandSet = "Command";
    internal const string MethodSet = "Method";

    // Boxed, see ModuleLifetime.
    private object? _order;

    private protected NewTaskCmdlet()
    {
    }

    /// <summary>The script to run, in a fresh PowerShell. It knows none of the caller's variables but those it names as $using:.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ScriptSet)]
    public virtual ScriptBlock ScriptBlock { get; set; } = null!;

    /// <summary>A .ps1 file to run. Its text is stored with the task, so that workers need not have the file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FileSet)]
    [ValidateNotNullOrEmpty]
    public string FilePath { get; set; } = null!;

    /// <summary>An executable to run: its path on the worker's machine, or its name to be found in the PATH there.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CommandSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ExecutableCompleter))]
    public string Command { get; set; } = null!;

    /// <summary>The exit codes of the command that count as success; 0 alone where not given.</summary>
    [Parameter(ParameterSetName = CommandSet)]
    public int[]? SuccessExitCode { get; set; }

    /// <summary>The assembly of the method to run: its path on the worker's machine.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MethodSet)]
    [ValidateNotNullOrEmpty]
    public string Assembly { get; set; } = null!;

    /// <summary>The public static method to run, as Namespace.Type::Method.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MethodSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MethodCompleter))]
    public string Method { get; set; } = null!;

    /// <summary>Arguments by position. A pipeline object comes before them; for a command after them.</summary>
    [Parameter(Position = 1)]
    [Alias("Args")]
    [AllowNull]
    [AllowEmptyCollection]
    public virtual object?[]? ArgumentList { get; set; }

    /// <summary>Arguments by name.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = MethodSet)]
    public virtual IDictionary? Parameters { get; set; }

    /// <summary>Modules to import before the script, by name or path.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    public string[]? Module { get; set; }

    /// <summary>The folder the task runs in; the worker's own where not given.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = MethodSet)]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Environment variables of the task; a null value removes one.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = MethodSet)]
    public IDictionary? Environment { get; set; }

    /// <summary>The queue. One that doesn't exist is made. Default: default.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string? Queue { get; set; }

    /// <summary>Batch, Low, Normal, High, Critical, or any whole number: the higher runs first. Default: Normal, 50.</summary>
    [Parameter]
    [PriorityTransformation]
    [ArgumentCompleter(typeof(PriorityCompleter))]
    public int? Priority { get; set; }

    /// <summary>Tags to find it by.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string[]? Tag { get; set; }

    /// <summary>The time limit of each run, such as 30s or 5m; its whole process tree is ended. Default: none.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Timeout { get; set; }

    /// <summary>The memory limit of each run in bytes, such as 512MB, its process tree taken together. Default: none.</summary>
    [Parameter]
    public long? MemoryLimit { get; set; }

    /// <summary>How many processes each run may have at once, all that it started counted; workers on Linux keep it. Default: the worker's, 1000.</summary>
    [Parameter]
    public int? ProcessLimit { get; set; }

    /// <summary>
    /// A group of its queue: at most one task of a group runs at a time, over all workers, and in their order. A script
    /// block makes one from each pipeline object.
    /// </summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = MethodSet)]
    [ArgumentCompleter(typeof(GroupCompleter))]
    public ItemText? Group { get; set; }

    /// <summary>The order within the group: Fifo, the oldest first, or Lifo, the newest first. Default: Fifo.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = MethodSet)]
    public GroupOrder? Order
    {
        get => (GroupOrder?)_order;
        set => _order = value;
    }

    /// <summary>The queue that gets a dead letter of it when it has failed for good. One that doesn't exist is made, suspended.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string? DeadLetterQueue { get; set; }

    /// <summary>Not worth starting any more so long after it was added, such as 2h: it ends canceled then.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? ExpireAfter { get; set; }

    /// <summary>True where a script block can make a text for each of many tasks.</summary>
    private protected virtual bool HasItems => false;

    /// <summary>The settings that it has whatever it runs, and whichever of many it is.</summary>
    /// <exception cref="CmdletException">One is out of its range, or two exclude each other.</exception>
    private protected NewTask Settings(TaskWork work)
    {
        var isGroupOfItem = Group is { IsScript: true };
        Argument.Require(Order is null || Group is not null, nameof(Order), Order, "needs Group: it is the order of a group's tasks");
        Argument.Require(HasItems || !isGroupOfItem, nameof(Group), Group, "is a script block, but there are no pipeline objects to make groups from; give a text");
        return new NewTask
        {
            Kind = work.Kind,
            Script = work.Script,
            Spec = work.Spec(),
            Queue = Queue,
            Priority = Priority,
            Tags = Tag,
            Timeout = Timeout,
            MemoryLimit = MemoryLimit,
            ProcessLimit = ProcessLimit,
            MaxAttempts = MaxAttempts,
            MaxLost = MaxLost,
            Retry = Retry(),
            Group = isGroupOfItem ? null : Group?.For(null),
            GroupOrder = isGroupOfItem ? null : Order,
            DeadLetterQueue = DeadLetterQueue,
            ExpireAfter = ExpireAfter,
        };
    }

    /// <summary>What is to run, read and checked.</summary>
    /// <exception cref="CmdletException">A script or a value can't be used.</exception>
    private protected TaskWork ReadWork() => new TaskWorkReader(this).Read(ParameterSetName);
}
