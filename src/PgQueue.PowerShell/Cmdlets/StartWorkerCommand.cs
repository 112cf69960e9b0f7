using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Runs tasks until it is told to stop. Ctrl+C lets those it runs finish; a second Ctrl+C ends them, and they run again
/// elsewhere. Tells of each task that ends; of each that begins with -Verbose. Emits a summary at its end, or with -PassThru
/// each task that it has finished.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "PqWorker", DefaultParameterSetName = "Forever")]
[OutputType(typeof(WorkerSummary), typeof(QueueTask))]
public sealed partial class StartWorkerCommand : QueueCmdlet
{
    /// <summary>The queues to serve; * and ? are wildcards. Default: all.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[]? Queue { get; set; }

    /// <summary>Tasks to run at once, 1 to 1000. Default: the number of processors.</summary>
    [Parameter]
    public int? Concurrency { get; set; }

    /// <summary>The worker's name. Default: the machine's with the process id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Run one task and end, or end at once where none is ready.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Once")]
    public SwitchParameter Once { get; set; }

    /// <summary>End when nothing is left to run: no task is ready, running or waiting for its next attempt.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Drain")]
    public SwitchParameter Drain { get; set; }

    /// <summary>Take no more tasks after this time, such as 8h.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? For { get; set; }

    /// <summary>How often to look for tasks that no notification told of. Default: 2s.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? PollInterval { get; set; }

    /// <summary>How long a canceled or timed-out task may take to give way before it is killed. Default: 2s.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? CancelGrace { get; set; }

    /// <summary>How long tasks may take to finish once the worker was told to stop. Default: for ever.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? StopGrace { get; set; }

    /// <summary>Child processes kept started ahead of need, for each kind of task seen lately. Default: 1.</summary>
    [Parameter]
    public int? WarmChildren { get; set; }

    /// <summary>Scripts or methods that one process runs one after the other. Default: 1, a fresh process for each.</summary>
    [Parameter]
    public int? MaxTasksPerChild { get; set; }

    /// <summary>Characters of output kept of one run. Default: 10 million.</summary>
    [Parameter]
    public long? MaxOutput { get; set; }

    /// <summary>Processes that a task may have at once where it doesn't say so itself; 0 for no limit. On Linux only. Default: 1000.</summary>
    [Parameter]
    public int? ProcessLimit { get; set; }

    /// <summary>
    /// Runs before each task, in the task's own scope, with the task as its first argument. Where it fails, so does this
    /// attempt, and the task itself is not run.
    /// </summary>
    [Parameter]
    public ScriptBlock? BeforeTask { get; set; }

    /// <summary>
    /// Runs after each task, however that ended, with the task and its error ($null for a success) as arguments. Where it
    /// fails there is a warning, and the task's end stays as it is.
    /// </summary>
    [Parameter]
    public ScriptBlock? AfterTask { get; set; }

    /// <summary>Emit each task that this worker has finished, as it is then, when it has; no summary.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string? NotInTransaction => "it would not see its tasks before the commit";

    private protected override void End()
    {
        _ = Client;
        var options = Options();
        options.Validate();
        using var run = new WorkerRun(Connection!, options, StopToken);
        using var view = LiveScreen.Open(this) is { } screen ? new WorkerView(screen, Once ? 1 : options.Concurrency, run.ProgressOf) : null;
        var voice = new WorkerVoice(this, StopToken);
        var finished = PassThru ? new FinishedTasks(this, ids => ReadFinished(ids, run)) : null;
        using var key = PassThru ? BreakKey.Open(this) : null;
        _report = new WorkerReport(voice, finished, view, key, StopToken);
        voice.Tell(run.Run(_report), inALine: PassThru);
    }

    private WorkerOptions Options()
    {
        var usual = new WorkerOptions();
        return usual with
        {
            Name = Name,
            Queues = Queue ?? [],
            Priorities = [.. (Priority ?? []).Select(PriorityRange.Parse)],
            Tags = Tag ?? [],
            Names = TaskName ?? [],
            QueueConcurrency = QueueLimits(),
            Concurrency = Concurrency ?? usual.Concurrency,
            Mode = Once ? WorkerMode.Once : Drain ? WorkerMode.Drain : WorkerMode.Forever,
            For = For,
            PollInterval = PollInterval ?? usual.PollInterval,
            CancelGrace = CancelGrace ?? usual.CancelGrace,
            StopGrace = StopGrace,
            WarmChildren = WarmChildren ?? usual.WarmChildren,
            MaxTasksPerChild = MaxTasksPerChild ?? usual.MaxTasksPerChild,
            MaxOutput = MaxOutput ?? usual.MaxOutput,
            ProcessLimit = ProcessLimit ?? usual.ProcessLimit,
            BeforeTask = BeforeTask?.ToString(),
            AfterTask = AfterTask?.ToString(),
            HookValues = UsingVariables.Collect([BeforeTask, AfterTask], this),
            TaskHostDirectory = Path.Combine(ModuleLifetime.Folder, "TaskHost"),
            PowerShellPath = ThisPowerShell(),
        };
    }

    /// <summary>Scripts run in the PowerShell that this session is; null where another program hosts it.</summary>
    private string? ThisPowerShell()
    {
        var path = Path.Combine(SessionState.PSVariable.GetValue("PSHOME") as string ?? "", OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh");
        return File.Exists(path) ? path : null;
    }
}
