using System.Diagnostics;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Waits until tasks have finished, and emits each when it has. Where -Timeout ends the wait, an error names those that
/// have not finished.
/// </summary>
[Cmdlet(VerbsLifecycle.Wait, "PqTask")]
[OutputType(typeof(QueueTask))]
public sealed class WaitTaskCommand : QueueCmdlet
{
    private const int Named = 10;

    // How often those that have finished are emitted while others are still waited for.
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    private readonly HashSet<long> _pending = [];
    private bool _emitted;

    /// <summary>The tasks' ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId")]
    [IdOf(IdOfAttribute.Task)]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public long[] Id { get; set; } = [];

    /// <summary>Return when one of them has finished.</summary>
    [Parameter]
    public SwitchParameter Any { get; set; }

    /// <summary>How long to wait at the most, such as 30s. Default: for ever.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Timeout { get; set; }

    private protected override string? NotInTransaction => "no worker sees its tasks before the commit";

    private protected override void Process() => _pending.UnionWith(Id);

    private protected override void End()
    {
        // A server that is not there from the beginning is an error; one that goes away is waited for.
        _ = Client;
        LeaveOutMissing();
        var all = _pending.Count;
        var clock = Stopwatch.StartNew();
        try
        {
            Emit(_pending);
            while (_pending.Count > 0 && !(Any && _emitted))
            {
                if (!WaitUntil(Timeout - clock.Elapsed, all))
                {
                    WriteTimeout(all);
                    return;
                }
            }
        }
        finally
        {
            Report(all, ProgressRecordType.Completed);
        }
    }

    /// <summary>Waits a while, and emits what has finished then.</summary>
    /// <returns>False where no time is left.</returns>
    private bool WaitUntil(TimeSpan? left, int all)
    {
        if (left <= TimeSpan.Zero)
        {
            return false;
        }

        Report(all, ProgressRecordType.Processing);
        try
        {
            if (!TryAwait(token => Client.WaitAsync([.. _pending], Any, left < Slice ? left : Slice, token), left, out var finished))
            {
                return false;
            }

            Emit(finished);
        }
        catch (QueueException e) when (e.Error == QueueError.TaskNotFound)
        {
            // Somebody has removed it; the others are waited for.
            LeaveOutMissing();
        }

        return true;
    }

    /// <summary>Leaves out, with an error each, what is not there.</summary>
    private void LeaveOutMissing()
    {
        var there = Read([.. _pending]).Select(task => task.Id).ToHashSet();
        foreach (var id in _pending.Except(there).Order().ToList())
        {
            _pending.Remove(id);
            WriteTaskNotFound(id);
        }
    }

    private void Emit(IEnumerable<long> ids)
    {
        foreach (var task in Read([.. ids]).Where(task => task.IsFinished))
        {
            if (!Any || !_emitted)
            {
                _emitted = true;
                _pending.Remove(task.Id);
                WriteObject(task);
            }
        }
    }

    private List<QueueTask> Read(long[] ids)
    {
        if (ids.Length == 0)
        {
            return [];
        }

        TryAwait(
            token => Client.QueryAsync(new TaskQuery { Ids = ids, Ascending = true }, token).ToListAsync(token).AsTask(), null, out var found);
        return found;
    }

    private void Report(int all, ProgressRecordType type) => WriteProgress(
        new ProgressRecord(0, "Waiting for tasks", $"{all - _pending.Count} of {all} finished")
        {
            PercentComplete = all == 0 ? 100 : (int)(100L * (all - _pending.Count) / all),
            RecordType = type,
        });

    private void WriteTimeout(int all)
    {
        var names = string.Join(", ", _pending.Order().Take(Named)) + (_pending.Count > Named ? ", …" : "");
        WriteItemError(
            "WaitTimeout",
            ErrorCategory.OperationTimeout,
            $"{_pending.Count} of {all} tasks had not finished after {Timeout}: {names}. They go on; wait again, or end them with Stop-PqTask.",
            _pending.Order().ToArray());
    }
}
