using System.Text.Json.Nodes;

namespace PgQueue;

/// <summary>When a worker stops by itself.</summary>
public enum WorkerMode : long
{
    /// <summary>Never: until it is told to.</summary>
    Forever,

    /// <summary>After one task, or at once where none is ready.</summary>
    Once,

    /// <summary>When its queues hold nothing that is ready, running or waiting for its next attempt.</summary>
    Drain,
}

/// <summary>How a worker works.</summary>
public sealed record WorkerOptions
{
    /// <summary>More than any build or browser has, and too few to be felt by the machine.</summary>
    internal const int UsualProcessLimit = 1000;

    /// <summary>Its name in the queue; the machine's name and its process id where null.</summary>
    public string? Name { get; init; }

    /// <summary>The queues it serves, with <c>*</c> and <c>?</c> as wildcards; all where empty.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>It takes only tasks of one of these priorities; of all where empty.</summary>
    public IReadOnlyList<PriorityRange> Priorities { get; init; } = [];

    /// <summary>It takes only tasks that have one of these tags; all where empty.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>It takes only tasks of one of these names, with <c>*</c> and <c>?</c> as wildcards; all where empty.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>
    /// Tasks of a queue that it runs at once, by the queue's name with <c>*</c> and <c>?</c> as wildcards; where several
    /// match, the smallest number counts. At least 1 each.
    /// </summary>
    public IReadOnlyDictionary<string, int> QueueConcurrency { get; init; } = new Dictionary<string, int>();

    /// <summary>Tasks it runs at once, 1 to 1,000; the number of processors.</summary>
    public int Concurrency { get; init; } = Environment.ProcessorCount;

    /// <summary>When it stops by itself.</summary>
    public WorkerMode Mode { get; init; } = WorkerMode.Forever;

    /// <summary>Stop taking tasks after this time; never where null.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>How often an idle worker looks for tasks that no notification told of, 10 ms to 1 hour; 2 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time a canceled or timed-out task has to give way by itself (a script's <c>finally</c>, a method's
    /// CancellationToken, a command's SIGTERM) before its process tree is killed; 2 s, none where zero.
    /// </summary>
    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a worker that was told to stop lets its tasks finish; for ever where null. When it runs out they are
    /// ended and run elsewhere, with no attempt used.
    /// </summary>
    public TimeSpan? StopGrace { get; init; }

    /// <summary>Child processes kept started ahead of need, for each kind of task seen lately, 0 to 100; 1.</summary>
    public int WarmChildren { get; init; } = 1;

    /// <summary>
    /// Scripts or methods that a child process runs one after the other before it ends, 1 to 1,000,000; 1: each task has a
    /// fresh process. With more they start at once, and share a process: what one of them changes in it, such as static
    /// fields, loaded assemblies and threads that it leaves, the next one finds. Environment, working directory, console
    /// and, for scripts, the session itself are new for each; on Linux what a task left running in its session is ended.
    /// A task that was stopped or timed out takes its process with it. Commands always have a process of their own.
    /// </summary>
    public int MaxTasksPerChild { get; init; } = 1;

    /// <summary>Characters of output kept of one run; what comes after is dropped with a notice. 10 million.</summary>
    public long MaxOutput { get; init; } = 10_000_000;

    /// <summary>
    /// Processes that a task without a limit of its own (<see cref="NewTask.ProcessLimit"/>) may have at once, all that
    /// it started counted, even what left its session; above it, all of them are ended. 1,000; none where null or 0. Only
    /// on Linux are processes counted: a worker elsewhere warns when a limit is asked for.
    /// </summary>
    public int? ProcessLimit { get; init; } = UsualProcessLimit;

    /// <summary>
    /// Tasks of kind <see cref="TaskKind.Method"/> that this process runs itself, by the name that stands in their spec
    /// for the method; see <see cref="NewTask.ForHandler"/>. A worker without the handler fails such a task: keep them in
    /// a queue of their own.
    /// </summary>
    public IReadOnlyDictionary<string, TaskHandler> Handlers { get; init; } = new Dictionary<string, TaskHandler>();

    /// <summary>The folder of PgQueue.TaskHost.dll; beside this assembly where null.</summary>
    public string? TaskHostDirectory { get; init; }

    /// <summary>The pwsh whose PowerShell runs scripts; the one on PATH where null.</summary>
    public string? PowerShellPath { get; init; }

    /// <summary>
    /// A PowerShell script to run before each task, in the task's own scope; the task is its first argument. Where it
    /// fails, so does this attempt, and the task itself is not run. None where null.
    /// </summary>
    public string? BeforeTask { get; init; }

    /// <summary>
    /// A PowerShell script to run after each task, however that ended; its arguments are the task and its error, null
    /// for a success. Where it fails that is reported, and changes nothing else. None where null.
    /// </summary>
    public string? AfterTask { get; init; }

    /// <summary>Values of the <c>$using:</c> variables of both hooks, by the text after <c>$using:</c>, lower case.</summary>
    public JsonObject? HookValues { get; init; }

    /// <summary>Told of everything the worker does, from any thread, one call at a time; must not block. An exception of its own makes the worker
    /// finish what it runs and then comes out of <see cref="Worker.RunAsync"/>.</summary>
    public Action<WorkerEvent>? OnEvent { get; init; }

    /// <exception cref="QueueException">A setting is out of its range.</exception>
    internal void Validate()
    {
        Require(Concurrency is >= 1 and <= 1000, nameof(Concurrency), Concurrency, "must be from 1 to 1000");
        Require(PollInterval >= TimeSpan.FromMilliseconds(10) && PollInterval <= TimeSpan.FromHours(1), nameof(PollInterval), PollInterval, "must be from 10 milliseconds to 1 hour");
        Require(CancelGrace >= TimeSpan.Zero, nameof(CancelGrace), CancelGrace, "must not be negative");
        Require(StopGrace is null || StopGrace >= TimeSpan.Zero, nameof(StopGrace), StopGrace!, "must not be negative");
        Require(For is null || For > TimeSpan.Zero, nameof(For), For!, "must be longer than zero");
        Require(MaxTasksPerChild is >= 1 and <= 1_000_000, nameof(MaxTasksPerChild), MaxTasksPerChild, "must be from 1 to 1,000,000");
        Require(WarmChildren is >= 0 and <= 100, nameof(WarmChildren), WarmChildren, "must be from 0 to 100");
        Require(MaxOutput >= 0, nameof(MaxOutput), MaxOutput, "must not be negative");
        Require(ProcessLimit is null or >= 0, nameof(ProcessLimit), ProcessLimit!, "must not be negative");
        Require(Name is null or { Length: > 0 }, nameof(Name), Name!, "must not be empty");
        foreach (var range in Priorities)
        {
            Require(range.Lowest <= range.Highest, nameof(Priorities), range, "must begin with the lower number");
        }

        foreach (var (queue, most) in QueueConcurrency)
        {
            Require(most >= 1, nameof(QueueConcurrency), $"{queue} = {most}", "must be at least 1");
        }

        static void Require(bool condition, string name, object value, string rule)
        {
            if (!condition)
            {
                throw new QueueException(QueueError.InvalidArgument, $"{name} '{value}' {rule}.");
            }
        }
    }
}
