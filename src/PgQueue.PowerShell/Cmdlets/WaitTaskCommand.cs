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

    /// <summary>The tasks' ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
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
        Start();
        var all = _pending.Count;
        var clock = Stopwatch.StartNew();
        Emit(_pending, all);
        try
        {
            while (_pending.Count > 0 && !(Any && _pending.Count < all))
            {
                var left = Timeout - clock.Elapsed ?? Slice;
                if (left <= TimeSpan.Zero)
                {
                    WriteTimeout(all);
                    return;
                }

                Report(all, ProgressRecordType.Processing);
                Emit(Await(token => Client.WaitAsync([.. _pending], Any, left < Slice ? left : Slice, token)), all);
            }
        }
        finally
        {
            Report(all, ProgressRecordType.Completed);
        }
    }

    /// <summary>Leaves out, with an error each, what is not there.</summary>
    private void Start()
    {
        var there = Read([.. _pending]).Select(task => task.Id).ToHashSet();
        foreach (var id in _pending.Except(there).Order().ToList())
        {
            _pending.Remove(id);
            WriteTaskNotFound(id);
        }
    }

    private void Emit(IEnumerable<long> ids, int all)
    {
        foreach (var task in Read([.. ids]).Where(task => task.IsFinished))
        {
            if (!Any || _pending.Count == all)
            {
                _pending.Remove(task.Id);
                WriteObject(task);
            }
        }
    }

    private List<QueueTask> Read(long[] ids) => ids.Length == 0
        ? []
        : [.. Pull(token => Client.QueryAsync(new TaskQuery { Ids = ids, Ascending = true }, token))];

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
