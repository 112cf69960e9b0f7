using System.Collections.Concurrent;

namespace PgQueue;

/// <summary>
/// Hands out children, and keeps some started ahead of need for the kinds of task seen lately. Each runs one task and is
/// gone, unless the worker lets them run several.
/// </summary>
internal sealed class ChildPool : IAsyncDisposable
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(1);

    /// <summary>How long a task has the processors to itself before its child's successor is started: most of a short one's life.</summary>
    private static readonly TimeSpan RefillAfter = TimeSpan.FromMilliseconds(50);

    private readonly TaskHostLauncher _launcher;
    private readonly ChildServer _server;
    private readonly ChildSettings _settings;
    private readonly int _warm;
    private readonly int _maxTasks;
    private readonly ConcurrentDictionary<TaskKind, Stock> _stocks = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Timer _sweep;

    public ChildPool(TaskHostLauncher launcher, ChildServer server, ChildSettings settings, int warm, int maxTasks)
    {
        (_launcher, _server, _settings, _warm, _maxTasks) = (launcher, server, settings, warm, maxTasks);
        _sweep = new Timer(_ => Sweep(), null, IdleTime, IdleTime / 4);
    }

    /// <summary>A child that is ready for its task.</summary>
    /// <exception cref="QueueException">It could not be started.</exception>
    public async Task<HostedChild> GetAsync(TaskKind kind)
    {
        var stock = _stocks.GetOrAdd(kind, _ => new Stock());
        var child = await TakeAsync(stock).ConfigureAwait(false) ?? await StartAsync(kind).ConfigureAwait(false);
        _ = RefillAsync(kind, stock);
        return child;
    }

    /// <summary>Takes back a child that nobody waits for any more: the next one may have it.</summary>
    public void Return(TaskKind kind, Task<HostedChild> starting) => _stocks.GetOrAdd(kind, _ => new Stock()).PutBack(starting);

    /// <summary>Takes a child that has run its task: another task may have it, or it is ended.</summary>
    public ValueTask TakeBackAsync(HostedChild child)
    {
        if (!child.MayRunAgain || _closing.IsCancellationRequested)
        {
            return child.DisposeAsync();
        }

        Return(child.Kind, child.RenewAsync(_closing.Token));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _sweep.DisposeAsync().ConfigureAwait(false);
        foreach (var stock in _stocks.Values)
        {
            foreach (var starting in stock.TakeAll())
            {
                await DropAsync(starting).ConfigureAwait(false);
            }
        }

        _closing.Dispose();
    }

    private Task<HostedChild> StartAsync(TaskKind kind) =>
        HostedChild.StartAsync(kind, _launcher, _server, _settings, _maxTasks, _closing.Token);

    private static async Task<HostedChild?> TakeAsync(Stock stock)
    {
        while (stock.Take() is { } starting)
        {
            try
            {
                var child = await starting.ConfigureAwait(false);
                if (!child.HasExited)
                {
                    return child;
                }

                await child.DisposeAsync().ConfigureAwait(false);
            }
            catch (QueueException)
            {
                // It was started on speculation: the one who needs a child starts his own, and hears of it if that fails too.
            }
        }

        return null;
    }

    private async Task RefillAsync(TaskKind kind, Stock stock)
    {
        await Task.Delay(RefillAfter, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!_closing.IsCancellationRequested && stock.TryReserve(_warm))
        {
            stock.Put(Task.Run(() => StartAsync(kind)));
        }
    }

    private void Sweep()
    {
        foreach (var stock in _stocks.Values)
        {
            foreach (var old in stock.TakeOld(DateTime.UtcNow - IdleTime))
            {
                _ = DropAsync(old);
            }
        }
    }

    private static async Task DropAsync(Task<HostedChild> starting)
    {
        try
        {
            await (await starting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is QueueException or OperationCanceledException)
        {
            // It never came to life.
        }
    }

    /// <summary>The idle children of one kind, ready or on their way.</summary>
    private sealed class Stock
    {
        private readonly Lock _lock = new();
        private readonly Queue<Task<HostedChild>> _idle = new();
        private int _count;

        public bool TryReserve(int most)
        {
            lock (_lock)
            {
                if (_count >= most)
                {
                    return false;
                }

                _count++;
                return true;
            }
        }

        public void Put(Task<HostedChild> child)
        {
            lock (_lock)
            {
                _idle.Enqueue(child);
            }
        }

        public void PutBack(Task<HostedChild> child)
        {
            lock (_lock)
            {
                _count++;
                _idle.Enqueue(child);
            }
        }

        public Task<HostedChild>? Take()
        {
            lock (_lock)
            {
                if (!_idle.TryDequeue(out var child))
                {
                    return null;
                }

                _count--;
                return child;
            }
        }

        public List<Task<HostedChild>> TakeAll() => TakeOld(DateTime.MaxValue);

        public List<Task<HostedChild>> TakeOld(DateTime readyBefore)
        {
            lock (_lock)
            {
                var old = new List<Task<HostedChild>>();
                for (var n = _idle.Count; n > 0; n--)
                {
                    var child = _idle.Dequeue();
                    var isOld = readyBefore == DateTime.MaxValue
                        || (child.IsCompletedSuccessfully && child.Result.ReadySince < readyBefore);
                    if (isOld)
                    {
                        old.Add(child);
                    }
                    else
                    {
                        _idle.Enqueue(child);
                    }
                }

                _count -= old.Count;
                return old;
            }
        }
    }
}
