using System.Globalization;
using System.Text.Json.Nodes;

namespace PgQueue.Chaos;

/// <summary>The tasks that are added.</summary>
internal sealed class TaskMix(RunFolder folder)
{
    /// <summary>A queue of which no more than <see cref="Limit"/> may run at once.</summary>
    public const string LimitedQueue = "three";

    public const int Limit = 3;

    private int _keys;

    public NewTask Plain(int milliseconds) => Task(milliseconds, 0, "plain");

    /// <summary>Leaves a process behind, in a session of its own.</summary>
    public NewTask Stray(int milliseconds) => Task(milliseconds, 0, "stray");

    /// <summary>Prints 12 MB.</summary>
    public NewTask Flood() => Task(0, 0, "flood");

    public NewTask Failing(int milliseconds, int failing, int attempts) => Task(milliseconds, failing, "plain") with
    {
        MaxAttempts = attempts,
        Retry = new RetryPolicy { Delay = TimeSpan.FromMilliseconds(200), Backoff = Backoff.Exponential },
    };

    public NewTask Limited(int milliseconds) => Plain(milliseconds) with { Queue = LimitedQueue };

    /// <summary>A .NET method, which does not know its task's number: the key stands for it in the ledger.</summary>
    public (NewTask Task, string Key) Method(int milliseconds)
    {
        var key = "@" + Interlocked.Increment(ref _keys).ToString(CultureInfo.InvariantCulture);
        var task = NewTask.ForMethod(
            Unit.BuiltFile.Samples, "PgQueue.TaskSamples.Samples::RunAsync", "bash", new JsonArray([.. Arguments(milliseconds, 0, "plain").Select(a => JsonValue.Create(a))]));
        task.Spec!["env"] = new JsonObject { ["CHAOS_KEY"] = key };
        return (task with { Name = key }, key);
    }

    private NewTask Task(int milliseconds, int failing, string trick) =>
        NewTask.ForCommand("bash", Arguments(milliseconds, failing, trick)) with { Name = trick };

    private string[] Arguments(int milliseconds, int failing, string trick) =>
    [
        folder.TaskScript, folder.Ledger, folder.Pipe, milliseconds.ToString(CultureInfo.InvariantCulture),
        failing.ToString(CultureInfo.InvariantCulture), trick,
    ];
}
