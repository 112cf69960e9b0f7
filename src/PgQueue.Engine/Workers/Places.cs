namespace PgQueue;

/// <summary>
/// A worker's places. Tasks so short that a place would lie empty while the next one is claimed are claimed ahead of
/// need, some milliseconds' worth, and wait here for a place.
/// </summary>
/// <param name="count">How many places there are.</param>
internal sealed class Places(int count) : IDisposable
{
    private const int MostAhead = 16;

    /// <summary>Weight of the newest run in the average.</summary>
    private const double Newest = 0.2;

    /// <summary>So much work is claimed ahead.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(10);

    /// <summary>What was claimed ahead and still has no place then is given back: another worker may have one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _free = new(count);
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _lock = new();
    private TimeSpan? _usual;

    /// <summary>How many tasks to claim, where so many are in hand; 0 where enough wait for a place.</summary>
    public int Wanted(int inHand)
    {
        var ahead = CountAhead();
        var wanted = count + ahead - inHand;
        return inHand < count || wanted > ahead / 2 ? wanted : 0;
    }

    /// <summary>Waits for a place. False where there is none in time, or none any more.</summary>
    public async Task<bool> EnterAsync(RunControl control)
    {
        if (_free.Wait(0, CancellationToken.None))
        {
            return true;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        enough.CancelAfter(Patience);
        var entering = _free.WaitAsync(enough.Token);
        await Task.WhenAny(entering, control.Stopped).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        try
        {
            await entering.ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            if (!control.Stopped.IsCompleted && !_closed.IsCancellationRequested)
            {
                Note(null); // What runs takes longer than was thought.
            }

            return false;
        }
    }

    /// <param name="took">How long the task held its place.</param>
    public void Leave(TimeSpan took)
    {
        Note(took);
        _free.Release();
    }

    /// <summary>Nothing that waits is begun any more.</summary>
    public void Close() => _closed.Cancel();

    public void Dispose()
    {
        _free.Dispose();
        _closed.Dispose();
    }

    private int CountAhead()
    {
        lock (_lock)
        {
            return _usual is not { } usual ? 0
                : usual == TimeSpan.Zero ? Math.Min(MostAhead, count)
                : (int)Math.Min(Math.Min(MostAhead, 2 * count), count * Ahead / usual);
        }
    }

    private void Note(TimeSpan? took)
    {
        lock (_lock)
        {
            _usual = took is not null && _usual is { } usual ? (took * Newest) + (usual * (1 - Newest)) : took;
        }
    }
}
