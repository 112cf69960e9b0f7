using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A task that runs, as a row of the worker's view.</summary>
internal sealed class RunningTask(TaskStarted start)
{
    private const string Indent = "  ";
    private const int TimeWidth = 6;
    private const int LongestName = 30;
    private const int LongestQueue = 12;

    /// <summary>Columns beside id and time from which on queue and status are shown too.</summary>
    private const int Roomy = 40;

    // What Write-Progress says itself where it is given no status.
    private const string NoStatus = "Processing";

    private TaskProgress? _progress;

    public long Id => start.TaskId;

    public long Since { get; } = Environment.TickCount64;

    /// <summary>What it says itself of how far it is; read when it is new.</summary>
    public TaskProgress? Progress
    {
        get => _progress;
        set
        {
            if (!ReferenceEquals(_progress, value))
            {
                _progress = value;
                (Percent, Status) = Read(value);
            }
        }
    }

    private string Name { get; } = Cells.Plain(start.Attempt > 1 ? $"{start.Name} (attempt {start.Attempt})" : start.Name);

    private string Queue { get; } = Cells.Plain(start.Queue);

    private string Percent { get; set; } = "";

    private string Status { get; set; } = "";

    /// <summary>Rows of the same columns: id, time, name, and as there is room the queue and the progress.</summary>
    public static IEnumerable<string> Rows(IReadOnlyList<RunningTask> tasks, int width)
    {
        if (tasks.Count == 0)
        {
            return [];
        }

        var id = tasks.Max(task => task.Text.Length);
        var room = width - (Indent.Length + id + Indent.Length + TimeWidth + Indent.Length);
        if (room < Roomy)
        {
            return tasks.Select(task => Cells.Cut($"{task.Start(id)}{task.Brief(room)}", width));
        }

        var queue = Math.Min(LongestQueue, tasks.Max(task => Cells.Count(task.Queue)));
        var name = Math.Min(Math.Min(LongestName, room / 2), tasks.Max(task => Cells.Count(task.Name)));
        return tasks.Select(task => Cells.Cut(
            $"{task.Start(id)}{Cells.Fit(task.Name, name)}{Indent}{Cells.Fit(task.Queue, queue)}{Indent}{task.Percent}{task.Status}".TrimEnd(), width));
    }

    private string Text => Id.ToString(CultureInfo.InvariantCulture);

    private string Start(int width) =>
        $"{Indent}{Text.PadLeft(width)}{Indent}{DurationText.Of(TimeSpan.FromMilliseconds(Environment.TickCount64 - Since)),TimeWidth}{Indent}";

    private string Brief(int room)
    {
        var percent = Percent.TrimEnd();
        return percent.Length == 0 ? Name : $"{Cells.Fit(Name, Math.Max(0, room - percent.Length - 1))} {percent}";
    }

    private static (string Percent, string Status) Read(TaskProgress? progress)
    {
        if (progress?.Clixml is null || PSObject.AsPSObject(PSSerializer.Deserialize(progress.Clixml)).BaseObject is not ProgressRecord record)
        {
            return ("", Cells.Plain(progress?.Text ?? ""));
        }

        if (record.RecordType == ProgressRecordType.Completed)
        {
            return ("", "");
        }

        var percent = record.PercentComplete < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{record.PercentComplete,3}% ");
        return (percent, Cells.Plain(record.StatusDescription is NoStatus || string.IsNullOrWhiteSpace(record.StatusDescription) ? record.Activity : $"{record.Activity}: {record.StatusDescription}"));
    }
}
