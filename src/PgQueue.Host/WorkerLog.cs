using System.Globalization;

namespace PgQueue.Host;

/// <summary>A worker's events as log lines: time, what, details.</summary>
internal static class WorkerLog
{
    public static void Write(WorkerEvent e)
    {
        if (e is not (TaskProgress or TaskDropped))
        {
            Line(e.At, Text(e));
        }
    }

    public static void Write(WorkerSummary s) => Line(
        DateTime.Now, $"stopped   {s.Completed} completed, {s.Failed} failed, {s.Canceled} canceled, {s.Retried} attempts retried, {s.Released} given back");

    private static string Text(WorkerEvent e) => e switch
    {
        WorkerStarted s => $"started   worker {s.WorkerId} as {s.Name}",
        TaskStarted s => $"run       task {s.TaskId} attempt {s.Attempt} of queue {s.Queue}: {s.Name}",
        TaskFinished { GivenBack: true } f => $"given back task {f.TaskId} after {f.Duration.TotalSeconds:0.00} s: {f.Name}",
        TaskFinished { Error: null } f => $"{Word(f)} task {f.TaskId} in {f.Duration.TotalSeconds:0.00} s: {f.Name}",
        TaskFinished f => $"{Word(f)} task {f.TaskId} in {f.Duration.TotalSeconds:0.00} s, {f.Ended}: {FirstLine(f.Error!.Message)}",
        WorkerDraining d => $"draining  {d.Running} tasks still run",
        WorkerWarning w => $"WARNING   {w.Message}",
        _ => e.ToString(),
    };

    private static string Word(TaskFinished f) => (f.State switch
    {
        TaskState.Completed => "completed",
        TaskState.Failed => "failed",
        TaskState.Canceled => "canceled",
        _ => "again",
    }).PadRight(9);

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd('\r');

    private static void Line(DateTime at, string text) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd HH:mm:ss.fff} {text}"));
}
