using System.Globalization;

namespace PgQueue.Chaos;

/// <summary>The workers: as many at any time as were asked for, whatever happens to them.</summary>
internal sealed class Fleet(RunFolder folder, string connectionString, int size, int concurrency, Breaches breaches) : IDisposable
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StartAgain = TimeSpan.FromMilliseconds(200);

    private readonly List<WorkerProcess> _all = [];
    private readonly Lock _lock = new();
    private readonly List<Task> _places = [];
    private volatile bool _stopping;

    /// <summary>All that ever were.</summary>
    public IReadOnlyList<WorkerProcess> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Those that neither are dead nor frozen.</summary>
    public IReadOnlyList<WorkerProcess> Whole => [.. All.Where(w => w.IsWhole)];

    public WorkerProcess? Find(string name) => All.FirstOrDefault(w => w.Name == name);

    public void Start() => _places.AddRange(Enumerable.Range(0, size).Select(_ => KeepAsync()));

    /// <summary>Tells all to stop and waits for them.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        foreach (var worker in All)
        {
            worker.Thaw();
            worker.Terminate();
        }

        await Task.WhenAll(_places).WaitAsync(StopTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var worker in All.Where(w => !w.Exited.IsCompleted))
        {
            breaches.Add("workers stop when told to", $"{worker.Name} still ran {StopTime.TotalSeconds} s after SIGTERM. Its log ends with:\n{Tail(worker)}");
            worker.Kill();
        }

        await Task.WhenAll(_places);
    }

    /// <summary>Ends all at once.</summary>
    public async Task KillAsync()
    {
        _stopping = true;
        foreach (var worker in All.Where(w => !w.Exited.IsCompleted))
        {
            worker.Kill();
        }

        await Task.WhenAll(_places);
    }

    public void Dispose()
    {
        foreach (var worker in _all)
        {
            worker.Dispose();
        }
    }

    /// <summary>One place in the fleet: whoever has it is followed by another.</summary>
    private async Task KeepAsync()
    {
        while (!_stopping)
        {
            var worker = Add();
            if (_stopping)
            {
                worker.Terminate(); // It came when all had been told.
            }

            await worker.WaitUntilJoinedAsync();
            await worker.Exited;
            // One that never had a place may end: the server was away when it came.
            if (worker is { KilledAt: null, HasJoined: true } && (!_stopping || worker.ExitCode != 0))
            {
                breaches.Add("a worker ends only when told to", $"{worker.Name} ended by itself with code {worker.ExitCode}. Its log ends with:\n{Tail(worker)}");
            }

            if (worker.KilledAt is null && !_stopping)
            {
                await Task.Delay(StartAgain);
            }
        }
    }

    private WorkerProcess Add()
    {
        lock (_lock)
        {
            var worker = new WorkerProcess(string.Create(CultureInfo.InvariantCulture, $"w{_all.Count + 1}"), concurrency, connectionString, folder);
            _all.Add(worker);
            return worker;
        }
    }

    private static string Tail(WorkerProcess worker) => string.Join('\n', worker.Log.TrimEnd().Split('\n').TakeLast(15));
}
