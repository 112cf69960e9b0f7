namespace PgQueue.Bench;

/// <summary>A kind of task, and the program whose bare loop it is compared with.</summary>
internal sealed record SpawnCase(string Name, NewTask Task, string LoopName, string File, string[] Arguments, Goal Goal)
{
    /// <summary>Processes at once, on both sides.</summary>
    public required int Parallel { get; init; }

    /// <summary>Tasks of a round.</summary>
    public required int Tasks { get; init; }

    public required int QuickTasks { get; init; }

    public required int WarmUp { get; init; }

    /// <summary>The loop's program prints something, which has to be read.</summary>
    public bool Prints { get; init; }

    public bool NeedsPowerShell { get; init; }

    /// <summary>Before each round: a child that was started ahead of need is ready, as one is left over at the end.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(1);

    public static SpawnCase Command => new(
        "command", NewTask.ForCommand("true"), "Process.Start loop of true", "true", [], Goal.RatioAtLeast(0.6))
    {
        Parallel = 4,
        Tasks = 4000,
        QuickTasks = 1000,
        WarmUp = 200,
        Rest = TimeSpan.Zero,
    };

    public static SpawnCase Method => new(
        "method", NewTask.ForMethod(Places.Built("tests/TaskSamples", "PgQueue.TaskSamples.dll"), "PgQueue.TaskSamples.Samples::Nothing"),
        "loop of a hello-world dotnet", "dotnet", [Places.Built("bench/Hello", "PgQueue.Bench.Hello.dll")], Goal.RatioAtLeast(0.9))
    {
        Parallel = 2,
        Tasks = 300,
        QuickTasks = 80,
        WarmUp = 10,
        Prints = true,
    };

    public static SpawnCase Script => new(
        "script", NewTask.ForScript("1"), "loop of pwsh -NoProfile -c 1", Programs.PowerShell, ["-NoProfile", "-c", "1"], Goal.RatioAtLeast(1.2))
    {
        Parallel = 2,
        Tasks = 60,
        QuickTasks = 16,
        WarmUp = 3,
        Prints = true,
        NeedsPowerShell = true,
    };
}
