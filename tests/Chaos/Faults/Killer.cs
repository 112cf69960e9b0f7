namespace PgQueue.Chaos;

/// <summary>Does harm, one thing after the other; only what is frozen stays so while other things happen.</summary>
internal sealed class Killer(World world, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<Task> _frozen = [];
    private readonly ProcessFaults _processes = new(world);
    private readonly DatabaseFaults _database = new(world);
    private readonly FreezeFaults _freezes = new(world);

    /// <summary>Goes on until told to stop; then all that was frozen is awake again and the server is there.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var bag = new FaultBag(_random);
        while (true)
        {
            await Task.Delay(bag.Pause(), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
            {
                break;
            }

            await DoAsync(bag.Next(), stop);
        }

        await Task.WhenAll(_frozen);
    }

    private async Task DoAsync(FaultKind kind, CancellationToken stop)
    {
        // Drawn always, so that what follows from the seed does not depend on what was there.
        var (chance, time) = (_random.NextDouble(), _random.NextDouble());
        switch (kind)
        {
            case FaultKind.KillWorker:
                _processes.KillWorker(chance);
                break;
            case FaultKind.KillChild:
                _processes.KillChild(chance);
                break;
            case FaultKind.EndBackend:
                await _database.EndBackendAsync(chance, stop);
                break;
            case FaultKind.EndSession:
                await _database.EndSessionAsync(chance, stop);
                break;
            case FaultKind.LoseAnswer:
                await _database.LoseAnswerAsync();
                break;
            case FaultKind.RestartImmediate or FaultKind.RestartFast or FaultKind.RestartSmart:
                await _database.RestartAsync(kind, TimeSpan.FromSeconds(2 * time));
                break;
            case FaultKind.Freeze:
                _frozen.Add(_freezes.FreezeAsync(chance, cut: false, TimeSpan.FromSeconds(1 + (4 * time)), stop));
                break;
            case FaultKind.FreezeAndCut:
                // Soon awake again, while what it lost runs elsewhere.
                _frozen.Add(_freezes.FreezeAsync(chance, cut: true, TimeSpan.FromSeconds(2 * time), stop));
                break;
            case FaultKind.Flood:
                await _processes.FloodAsync(stop);
                break;
        }
    }
}
