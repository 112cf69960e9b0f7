using System.Text.Json;

namespace PgQueue.Protocol;

/// <summary>What a worker says to its child: one <see cref="WorkerFrame"/> each.</summary>
internal sealed record WorkerMessage
{
    /// <summary>Once: the task to run.</summary>
    public RunTask? Run { get; init; }

    /// <summary>Stop the task as Ctrl+C would. The worker kills what is left after its grace period.</summary>
    public StopTask? Stop { get; init; }

    /// <summary>What became of tasks that the task adds.</summary>
    public TasksAdded? Added { get; init; }
}

/// <summary>What a child says to its worker: one JSON object a frame (see <see cref="FrameStream"/>).</summary>
internal sealed record ChildMessage
{
    /// <summary>First frame of all: who connects.</summary>
    public Hello? Hello { get; init; }

    /// <summary>Records of the task's streams, in order.</summary>
    public IReadOnlyList<OutputRecord>? Output { get; init; }

    /// <summary>Tasks that the task adds. One at a time is answered; more of them wait.</summary>
    public AddTasks? Add { get; init; }

    /// <summary>
    /// How the task's own code ended, where its AfterTask hook is still to run. What that hook does to its process does
    /// not change it.
    /// </summary>
    public TaskEnded? Verdict { get; init; }

    /// <summary>Last frame of a task: how it ended. All its output was sent before.</summary>
    public TaskEnded? Ended { get; init; }

    /// <summary>True where the child has forgotten its last task and waits for another.</summary>
    public bool Ready { get; init; }
}

/// <summary>A child proves with its one-time token that it is the process that the worker started.</summary>
internal sealed record Hello
{
    /// <summary>The protocol both sides speak now; a child and a worker of different installs refuse each other.</summary>
    public const int CurrentVersion = 3;

    public required int Version { get; init; }

    public required string Token { get; init; }

    public required int ProcessId { get; init; }
}

/// <summary>A task as its child needs it; never holds anything about the database.</summary>
internal sealed record RunTask
{
    public required long Id { get; init; }

    /// <summary>Counts every start of the task, lost ones too; attempts count those that are the task's own.</summary>
    public required int Run { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public string? Name { get; init; }

    public required string Queue { get; init; }

    public required int Priority { get; init; }

    /// <summary>The schedule that added it; null where none did.</summary>
    public string? Schedule { get; init; }

    /// <summary>The schedule's time that it was added for.</summary>
    public DateTimeOffset? Tick { get; init; }

    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>When the time limit ends the task; null where it has none.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary><c>script</c> or <c>method</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The script's text, for kind <c>script</c>.</summary>
    public string? Script { get; init; }

    /// <summary>What to run and with what, see <see cref="ScriptSpec"/> and <see cref="MethodSpec"/>.</summary>
    public required SpecMembers Spec { get; init; }

    /// <summary>The tasks that it waited for and what came of them, as JSON an array of <see cref="InputTask"/>; null where there are none.</summary>
    public string? Inputs { get; init; }

    /// <summary>Another task may follow it in the same child.</summary>
    public bool MoreToCome { get; init; }

    /// <summary>What the worker runs before and after its tasks; null where it has nothing of that kind.</summary>
    public TaskHooks? Hooks { get; init; }
}

internal sealed record StopTask
{
    /// <summary><c>canceled</c>, <c>timeout</c> or <c>shutdown</c>.</summary>
    public required string Reason { get; init; }
}

/// <summary>One record of one of a task's streams.</summary>
internal sealed record OutputRecord
{
    public required OutputStream Stream { get; init; }

    /// <summary>The record as text, as a person would read it.</summary>
    public string? Text { get; init; }

    /// <summary>The record itself as CLIXML; null where the text says all (a string, a raw line).</summary>
    public string? Clixml { get; init; }
}

/// <summary>A task's streams, in the database's own words.</summary>
internal enum OutputStream
{
    Output,
    Error,
    Warning,
    Verbose,
    Information,
    Debug,
    Progress,
}

internal sealed record TaskEnded
{
    public required Outcome Outcome { get; init; }

    /// <summary>A method's return value; absent for a script, whose results are its output records.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>The terminating error; null for a success.</summary>
    public ErrorDetail? Error { get; init; }

    /// <summary>What a script passed to <c>exit</c>.</summary>
    public int? ExitCode { get; init; }

    /// <summary>What the AfterTask hook failed with; null where it did not, or was not run.</summary>
    public ErrorDetail? AfterError { get; init; }
}

internal enum Outcome
{
    Completed,
    Failed,

    /// <summary>The task gave way to a <see cref="StopTask"/>.</summary>
    Stopped,
}
