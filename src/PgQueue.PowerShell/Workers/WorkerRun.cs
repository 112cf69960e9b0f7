using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace PgQueue.PowerShell;

/// <summary>
/// One run of a worker under a cmdlet: it works in the background, the pipeline's thread tells of its events. The first
/// interrupt, of whatever kind, drains it and the second ends it. PowerShell passes on the first Ctrl+C only, so signals
/// are listened to as well.
/// </summary>
internal sealed class WorkerRun : IDisposable
{
    private readonly Lock _gate = new();
    private readonly BlockingCollection<WorkerEvent> _events = [];
    private readonly ConcurrentDictionary<long, TaskProgress> _progress = new();
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _now = new();
    private readonly IDisposable[] _signals;
    private readonly Worker _worker;
    private int _interrupts;
    private bool _ended;

    public WorkerRun(PqConnection connection, WorkerOptions options, CancellationToken stopping)
    {
        _worker = new Worker(connection.ConnectionString, connection.Schema, options with { OnEvent = Take });
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupted),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupted),
            stopping.Register(() => Cancel(_drain)),
        ];
    }

    /// <summary>The latest progress of a task that runs; null where it tells of none.</summary>
    public TaskProgress? ProgressOf(long task) => _progress.GetValueOrDefault(task);

    /// <summary>True where it was told to stop, by whomever.</summary>
    public bool IsStopping => _drain.IsCancellationRequested || _now.IsCancellationRequested;

    /// <summary>
    /// Works until the worker's end, and reports on the calling thread. Where the report fails, because whoever takes what
    /// it writes has enough or has failed, the worker is drained first: no task is left without its worker.
    /// </summary>
    public WorkerSummary Run(WorkerReport report)
    {
        var work = Task.Run(() => _worker.RunAsync(_drain.Token, _now.Token), CancellationToken.None);
        work.ContinueWith(_ => _events.CompleteAdding(), TaskScheduler.Default);
        try
        {
            while (!_events.IsCompleted)
            {
                if (_events.TryTake(out var one, report.Wait))
                {
                    report.Tell(one);
                }

                if (report.WantsEnd())
                {
                    Interrupt();
                }

                report.Pulse();
            }

            report.End();
        }
        catch
        {
            Interlocked.CompareExchange(ref _interrupts, 1, 0);
            Cancel(_drain);
            FinishUntold(report, work);
            throw;
        }

        return work.GetAwaiter().GetResult();
    }

    private void FinishUntold(WorkerReport report, Task work)
    {
        try
        {
            report.Close();
            foreach (var one in _events.GetConsumingEnumerable())
            {
                report.Tell(one);
            }
        }
        finally
        {
            // The first failure is the one to be told.
            work.ContinueWith(_ => { }, TaskScheduler.Default).GetAwaiter().GetResult();
        }
    }

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        lock (_gate)
        {
            _ended = true;
        }

        _drain.Dispose();
        _now.Dispose();
        _events.Dispose();
    }

    private void Take(WorkerEvent one)
    {
        switch (one)
        {
            case TaskProgress progress:
                _progress[progress.TaskId] = progress;
                return;
            case TaskFinished { TaskId: var id }:
                _progress.TryRemove(id, out _);
                break;
            case TaskDropped { TaskId: var id }:
                _progress.TryRemove(id, out _);
                break;
            default:
                break;
        }

        _events.Add(one);
    }

    private void Interrupted(PosixSignalContext context)
    {
        context.Cancel = true;
        Interrupt();
    }

    private void Interrupt() => Cancel(Interlocked.Increment(ref _interrupts) == 1 ? _drain : _now);

    // A signal may be on its way while the run ends.
    private void Cancel(CancellationTokenSource source)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                source.Cancel();
            }
        }
    }
}
