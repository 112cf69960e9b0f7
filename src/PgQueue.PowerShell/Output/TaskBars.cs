using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Shows the progress of tasks that are followed as progress of this session, or of a job. Each task's activities keep apart.</summary>
/// <param name="streams">Where it is shown.</param>
/// <param name="named">Name the task before each activity: there are several.</param>
internal sealed class TaskBars(IStreams streams, bool named)
{
    // 0 tells of those that wait.
    private const int FirstId = 1;

    private readonly Dictionary<(long Task, int Activity), int> _ids = [];
    private readonly Dictionary<int, (long Task, ProgressRecord Record)> _open = [];
    private bool _waits;

    public TaskBars(Cmdlet cmdlet, bool named)
        : this(new CmdletStreams(cmdlet), named)
    {
    }

    /// <summary>Shows a record of a task's progress.</summary>
    public void Show(TaskOutput output, string? name)
    {
        if (output.Clixml is null || PSObject.AsPSObject(PSSerializer.Deserialize(output.Clixml)).BaseObject is not ProgressRecord saved)
        {
            // A command or a method has written it as text only.
            return;
        }

        var activity = named ? $"{output.TaskId} {name}".TrimEnd() + ": " + saved.Activity : saved.Activity;
        var record = new ProgressRecord(IdOf(output.TaskId, saved.ActivityId), activity, saved.StatusDescription is { Length: > 0 } text ? text : " ")
        {
            ParentActivityId = saved.ParentActivityId < 0 ? -1 : IdOf(output.TaskId, saved.ParentActivityId),
            CurrentOperation = saved.CurrentOperation,
            PercentComplete = saved.PercentComplete,
            SecondsRemaining = saved.SecondsRemaining,
            RecordType = saved.RecordType,
        };
        if (record.RecordType == ProgressRecordType.Completed)
        {
            _open.Remove(record.ActivityId);
        }
        else
        {
            _open[record.ActivityId] = (output.TaskId, record);
        }

        streams.WriteProgress(record);
    }

    /// <summary>Shows how many tasks wait to be run.</summary>
    public void ShowWaiting(int waiting, int all)
    {
        if (waiting > 0 || _waits)
        {
            _waits = waiting > 0;
            streams.WriteProgress(new ProgressRecord(0, "Following tasks", all == 1 ? "It waits to be run" : $"{waiting} of {all} wait to be run")
            {
                RecordType = _waits ? ProgressRecordType.Processing : ProgressRecordType.Completed,
            });
        }
    }

    /// <summary>Takes away what a task has left, at the end of a run.</summary>
    public void Close(long task) => Close(record => record.Task == task);

    /// <summary>Takes away all.</summary>
    public void Close()
    {
        ShowWaiting(0, 0);
        Close(_ => true);
    }

    private void Close(Func<(long Task, ProgressRecord Record), bool> which)
    {
        foreach (var (_, record) in _open.Values.Where(which).ToList())
        {
            _open.Remove(record.ActivityId);

            // A new one: a job's reader may not have seen the old one yet.
            streams.WriteProgress(new ProgressRecord(record.ActivityId, record.Activity, record.StatusDescription) { RecordType = ProgressRecordType.Completed });
        }
    }

    private int IdOf(long task, int activity)
    {
        if (!_ids.TryGetValue((task, activity), out var id))
        {
            id = FirstId + _ids.Count;
            _ids.Add((task, activity), id);
        }

        return id;
    }
}
