using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Unit.Schema;

/// <summary>
/// A queue at full load: a worker in this process for handlers, one in its own for commands, producers of both, a caller
/// who adds by SQL in transactions that take their time, a reader of all tasks, and a schedule.
/// </summary>
internal sealed class LoadedQueue : IAsyncDisposable
{
    private const int HandledAhead = 2000;
    private const int WrittenAhead = 100;

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _enough = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, int> _handled = new();
    private readonly ConcurrentQueue<string> _warnings = new();
    private readonly List<Task> _callers = [];
    private Task<WorkerSummary>? _worker;
    private int _last;
    private int _written;
    private long _longest;

    private LoadedQueue(TestQueue queue) => Queue = queue;

    public TestQueue Queue { get; }

    public HostProcess? Host { get; private set; }

    /// <summary>What the worker of this process had to tell an admin.</summary>
    public IReadOnlyCollection<string> Warnings => _warnings;

    /// <summary>Runs of each task of the worker of this process, by the number it was added with.</summary>
    public IReadOnlyDictionary<int, int> Handled => _handled;

    /// <summary>The numbers that commands have written, one for each run.</summary>
    public string[] Written => File.Exists(Ledger) ? File.ReadAllLines(Ledger) : [];

    /// <summary>The longest that a caller had to wait.</summary>
    public TimeSpan LongestCall => TimeSpan.FromTicks(Volatile.Read(ref _longest));

    public int AddedToHandle => Volatile.Read(ref _last);

    public int AddedToWrite => Volatile.Read(ref _written);

    private string Ledger => Path.Combine(_folder.Path, "ledger");

    public static async Task<LoadedQueue> StartAsync()
    {
        var load = new LoadedQueue(await TestQueue.CreateAsync());
        await load.Queue.Client.RegisterScheduleAsync(new() { Name = "tick", Task = NewTask.ForHandler("tick"), Every = TimeSpan.FromSeconds(1), Overlap = OverlapPolicy.Allow });
        load.Host = await HostProcess.WorkerAsync(load.Queue, "--queue", "commands", "--concurrency", "4");
        load._worker = new Worker(load.Queue.ConnectionString, load.Queue.Schema, load.Options()).RunAsync(load._stop.Token);
        load._callers.AddRange(
            Task.Run(load.AddHandlersAsync), Task.Run(load.AddCommandsAsync), Task.Run(load.AddBySqlAsync), Task.Run(load.ReadAsync));
        return load;
    }

    /// <summary>Lets it work until so many more tasks have been handled.</summary>
    public async Task HandleAsync(int more)
    {
        var target = _handled.Count + more;
        await Until.TrueAsync(() => Task.FromResult(_handled.Count >= target || _callers.Exists(c => c.IsCompleted) || _worker!.IsCompleted));
    }

    /// <summary>Lets it work until the schedule has run once more.</summary>
    public async Task TickAsync()
    {
        const string runs = "select count(*) from {schema}.history where schedule = 'tick'";
        var now = (long)(await Queue.SqlAsync(runs))!;
        await Until.TrueAsync(async () => await Queue.SqlAsync(runs) is long count && count > now);
    }

    /// <summary>Adds no more, and waits until all that was added has ended.</summary>
    public async Task<WorkerSummary> EndAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_callers);
        await Queue.SqlAsync("select {schema}.suspend_schedule('tick')");
        await Until.TrueAsync(async () => await Queue.SqlAsync("select count(*) from {schema}.task") is 0L);
        await _stop.CancelAsync();
        return await _worker!;
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _stop.CancelAsync();
        await Task.WhenAll([.. _callers, _worker ?? Task.CompletedTask]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (Host?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Queue.DisposeAsync();
        _folder.Dispose();
        _enough.Dispose();
        _stop.Dispose();
    }

    private WorkerOptions Options() => new()
    {
        Queues = ["default"],
        Concurrency = 50,
        OnEvent = e =>
        {
            if (e is WorkerWarning warning)
            {
                _warnings.Enqueue(warning.Message);
            }
        },
        Handlers = new Dictionary<string, TaskHandler>
        {
            ["count"] = (task, _) =>
            {
                _handled.AddOrUpdate(task.Spec.GetProperty("args")[0].GetInt32(), 1, (_, runs) => runs + 1);
                return Task.FromResult<JsonNode?>(null);
            },
            ["tick"] = (_, _) => Task.FromResult<JsonNode?>(null),
        },
    };

    private async Task AddHandlersAsync()
    {
        while (!_enough.IsCancellationRequested)
        {
            var numbers = Enumerable.Range(AddedToHandle, 100).ToList();
            await TimeAsync(() => Queue.Client.AddAsync([.. numbers.Select(n => NewTask.ForHandler("count", n))], null));
            Volatile.Write(ref _last, numbers[^1] + 1);
            await Until.TrueAsync(() => Task.FromResult(_enough.IsCancellationRequested || _handled.Count > AddedToHandle - HandledAhead));
        }
    }

    private async Task AddCommandsAsync()
    {
        while (!_enough.IsCancellationRequested)
        {
            var number = AddedToWrite;
            await TimeAsync(() => Queue.Client.AddAsync(
                NewTask.ForCommand("sh", "-c", "echo $0 >> \"$1\"", $"{number}", Ledger) with { Queue = "commands" }));
            Volatile.Write(ref _written, number + 1);
            await Until.TrueAsync(() => Task.FromResult(_enough.IsCancellationRequested || Written.Length > number - WrittenAhead));
        }
    }

    /// <summary>An application that adds tasks in transactions of its own.</summary>
    private async Task AddBySqlAsync()
    {
        while (!_enough.IsCancellationRequested)
        {
            await TimeAsync(() => Queue.SqlAsync(
                """
                select {schema}.add_task('method', spec => '{"method": "tick"}'), {schema}.add_task('method', spec => '{"method": "tick"}', group_key => 'one');
                select pg_sleep(0.05);
                """));
        }
    }

    private async Task ReadAsync()
    {
        while (!_enough.IsCancellationRequested)
        {
            await TimeAsync(() => Queue.Client.CountAsync(new TaskQuery { States = [TaskState.Ready, TaskState.Running, TaskState.Failed] }));
        }
    }

    private async Task TimeAsync(Func<Task> call)
    {
        var since = Stopwatch.StartNew();
        await call();
        var ticks = since.Elapsed.Ticks;
        for (var longest = Volatile.Read(ref _longest); ticks > longest; longest = Volatile.Read(ref _longest))
        {
            Interlocked.CompareExchange(ref _longest, ticks, longest);
        }
    }
}
