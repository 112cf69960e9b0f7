using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that describes a task: what it runs, and how.</summary>
public abstract class NewTaskCmdlet : QueueCmdlet
{
    internal const string ScriptSet = "Script";
    internal const string FileSet = "File";
    internal const string CommandSet = "Command";
    internal const string MethodSet = "Method";

    // Boxed, see ModuleLifetime.
    private object? _backoff;

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
    public IDictionary? Parameters { get; set; }

    /// <summary>Modules to import before the script, by name or path.</summary>
    [Parameter(ParameterSetName = ScriptSet)]
    [Parameter(ParameterSetName = FileSet)]
    public string[]? Module { get; set; }

    /// <summary>The folder the task runs in; the worker's own where not given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Environment variables of the task; a null value removes one.</summary>
    [Parameter]
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
    public string[]? Tag { get; set; }

    /// <summary>The time limit of each run, such as 30s or 5m; its whole process tree is ended. Default: none.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Timeout { get; set; }

    /// <summary>The memory limit of each run in bytes, such as 512MB, its process tree taken together. Default: none.</summary>
    [Parameter]
    public long? MemoryLimit { get; set; }

    /// <summary>How often it is tried at the most. Default: once.</summary>
    [Parameter]
    public int? MaxAttempts { get; set; }

    /// <summary>The wait before the next attempt. Default: none.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? RetryDelay { get; set; }

    /// <summary>How the wait grows from attempt to attempt. Default: Fixed.</summary>
    [Parameter]
    public Backoff? Backoff
    {
        get => (Backoff?)_backoff;
        set => _backoff = value;
    }

    /// <summary>The longest wait. Default: 1h.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? MaxRetryDelay { get; set; }

    private RetryPolicy? Retry() => RetryDelay is null && Backoff is null && MaxRetryDelay is null ? null : new RetryPolicy
    {
        Delay = RetryDelay ?? TimeSpan.Zero,
        Backoff = Backoff ?? PgQueue.Backoff.Fixed,
        MaxDelay = MaxRetryDelay ?? RetryPolicy.Immediate.MaxDelay,
    };

    /// <summary>The settings that it has whatever it runs.</summary>
    private protected NewTask Settings(TaskWork work) => new()
    {
        Kind = work.Kind,
        Script = work.Script,
        Spec = work.Spec(),
        Queue = Queue,
        Priority = Priority,
        Tags = Tag,
        Timeout = Timeout,
        MemoryLimit = MemoryLimit,
        MaxAttempts = MaxAttempts,
        Retry = Retry(),
    };

    /// <summary>What is to run, read and checked.</summary>
    /// <exception cref="CmdletException">A script or a value can't be used.</exception>
    private protected TaskWork ReadWork() => new TaskWorkReader(this).Read(ParameterSetName);
}
