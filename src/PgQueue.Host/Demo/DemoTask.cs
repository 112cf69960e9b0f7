using System.Text.Json.Nodes;

namespace PgQueue.Host.Demo;

/// <summary>A task of the demonstration and the end it must come to.</summary>
/// <param name="Task">What to add.</param>
/// <param name="State">The state it must end in.</param>
/// <param name="Ended">How its last run must end.</param>
/// <param name="Attempts">How many attempts that must take.</param>
/// <param name="CancelWhenRunning">Cancel it as soon as it runs.</param>
internal sealed record DemoTask(NewTask Task, TaskState State, TaskEnd Ended, int Attempts = 1, bool CancelWhenRunning = false)
{
    /// <summary>All of them.</summary>
    /// <param name="source">The folder whose source files are measured.</param>
    public static IReadOnlyList<DemoTask> All(string source)
    {
        var assembly = typeof(SourceFile).Assembly.Location;
        var tasks = SourceFiles(source).Select(file => new DemoTask(
            Named(NewTask.ForMethod(assembly, $"{typeof(SourceFile).FullName}::{nameof(SourceFile.MeasureAsync)}", JsonValue.Create(file)), "measure " + Path.GetRelativePath(source, file)),
            TaskState.Completed,
            TaskEnd.Success)).ToList();

        tasks.Add(new(Named(NewTask.ForCommand("uname", "-a"), "command: uname"), TaskState.Completed, TaskEnd.Success));
        tasks.Add(new(Named(Shell("seq 1 1000"), "command: a thousand lines"), TaskState.Completed, TaskEnd.Success));
        tasks.Add(new(Named(Shell("echo 'no such luck' >&2; exit 3"), "fails with exit code 3"), TaskState.Failed, TaskEnd.ExitCode));
        tasks.Add(new(Named(NewTask.ForCommand("no-such-program"), "fails: no such program"), TaskState.Failed, TaskEnd.Error));
        tasks.Add(new(
            Named(Shell("echo attempt $PGQUEUE_TASK_ATTEMPT; [ $PGQUEUE_TASK_ATTEMPT -ge 3 ]"), "succeeds on its third attempt") with
            {
                MaxAttempts = 3,
                Retry = new RetryPolicy { Delay = TimeSpan.FromMilliseconds(200), Backoff = Backoff.Exponential },
            },
            TaskState.Completed,
            TaskEnd.Success,
            Attempts: 3));
        tasks.Add(new(
            Named(Shell("sleep 60 & sleep 60"), "runs into its time limit") with { Timeout = TimeSpan.FromSeconds(1) }, TaskState.Failed, TaskEnd.Timeout));
        tasks.Add(new(
            Named(NewTask.ForMethod(assembly, $"{typeof(SourceFile).FullName}::{nameof(SourceFile.Crash)}", "the demonstration's crash"), "crashes its process"),
            TaskState.Failed,
            TaskEnd.Signal));
        tasks.Add(new(Named(NewTask.ForCommand("sleep", "60"), "canceled while it runs"), TaskState.Canceled, TaskEnd.Canceled, CancelWhenRunning: true));
        return tasks;
    }

    private static IEnumerable<string> SourceFiles(string source) => Directory
        .EnumerateFiles(source, "*.*", SearchOption.AllDirectories)
        .Where(f => Path.GetExtension(f) is ".cs" or ".sql" or ".ps1" or ".sh")
        .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "out"))
        .Order(StringComparer.Ordinal);

    private static NewTask Shell(string script) => NewTask.ForCommand("sh", "-c", script);

    private static NewTask Named(NewTask task, string name) => task with { Name = name };
}
