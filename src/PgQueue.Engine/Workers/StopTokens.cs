namespace PgQueue;

/// <summary>The two ways a worker is stopped, from whichever side: the caller, its time, or an order in the database.</summary>
internal sealed class StopTokens : IDisposable
{
    private readonly CancellationTokenSource _drain;
    private readonly CancellationTokenSource _now;
    private readonly CancellationTokenRegistration _both;

    public StopTokens(TimeSpan? time, CancellationToken drain, CancellationToken now)
    {
        _drain = CancellationTokenSource.CreateLinkedTokenSource(drain, now);
        _now = CancellationTokenSource.CreateLinkedTokenSource(now);
        _both = _now.Token.UnsafeRegister(_ => Drain(), null);
        if (time is { } limit)
        {
            _drain.CancelAfter(limit);
        }
    }

    /// <summary>Take no more tasks.</summary>
    public CancellationToken Draining => _drain.Token;

    /// <summary>End those that run.</summary>
    public CancellationToken Now => _now.Token;

    public void Drain() => _drain.Cancel();

    public void StopNow() => _now.Cancel();

    public void Dispose()
    {
        _both.Dispose();
        _drain.Dispose();
        _now.Dispose();
    }
}
