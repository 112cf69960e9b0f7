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
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _now = new();
    private readonly IDisposable[] _signals;
    private readonly Worker _worker;
    private int _interrupts;
    private bool _ended;

    public WorkerRun(PqConnection connection, WorkerOptions options, CancellationToken stopping)
    {
        _worker = new Worker(connection.ConnectionString, connection.Schema, options with { OnEvent = _events.Add });
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupted),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupted),
            stopping.Register(() => Cancel(_drain)),
        ];
    }

    /// <summary>Works until the worker's end, and tells of each event on the calling thread.</summary>
    public WorkerSummary Run(Action<WorkerEvent> tell)
    {
        var work = Task.Run(() => _worker.RunAsync(_drain.Token, _now.Token), CancellationToken.None);
        work.ContinueWith(_ => _events.CompleteAdding(), TaskScheduler.Default);
        foreach (var one in _events.GetConsumingEnumerable())
        {
            tell(one);
        }

        return work.GetAwaiter().GetResult();
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

    private void Interrupted(PosixSignalContext context)
    {
        context.Cancel = true;
        Cancel(Interlocked.Increment(ref _interrupts) == 1 ? _drain : _now);
    }

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
