namespace PgQueue.Chaos;

/// <summary>A run from the start of its server to the checks.</summary>
internal sealed class ChaosRun(ChaosOptions options) : IAsyncDisposable
{
    /// <summary>How long what was added may take to come to its end, once nothing more happens.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly RunFolder _folder = new(options.Keep);
    private readonly List<QueueClient> _clients = [];
    private ChaosServer? _server;
    private Fleet? _fleet;

    /// <summary>Does harm for the time that was asked for, lets things settle, and judges.</summary>
    public async Task<Findings> RunAsync(CancellationToken cancellationToken)
    {
        var world = await SetUpAsync(cancellationToken);
        await DisturbAsync(world, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        await SettleAsync(world, cancellationToken);
        await world.Fleet.StopAsync();
        await world.WatchesAsync();
        await ChildChecks.OrphansAsync(world);
        await LeftoverChecks.RunAsync(world);
        return await JudgeAsync(world);
    }

    /// <summary>Writes what was done and what became of all tasks beside the ledger, where that is kept.</summary>
    public async Task KeepAsync(Findings findings)
    {
        if (options.Keep)
        {
            await File.WriteAllLinesAsync(Path.Combine(_folder.Path, "incidents"), findings.World.Incidents.All.OrderBy(i => i.At).Select(i => i.ToString()));
            await File.WriteAllLinesAsync(Path.Combine(_folder.Path, "tasks"), findings.Tasks.Values.OrderBy(t => t.Id).Select(t => t.ToString()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
        {
            await _fleet.KillAsync();
            foreach (var left in Processes.OfRun(_folder.Mark).Where(p => p.ChildMark is not null))
            {
                Processes.Signal(left.Id, Signal.Kill);
            }

            _fleet.Dispose();
        }

        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.RemoveAsync();
        }

        _folder.Dispose();
    }

    private async Task<World> SetUpAsync(CancellationToken cancellationToken)
    {
        if (options.Keep)
        {
            Console.WriteLine($"What is kept lies in {_folder.Path}.");
        }

        _server = new ChaosServer(_folder);
        await _server.StartAsync(cancellationToken);
        var client = Client("");
        await client.InstallSchemaAsync(cancellationToken);
        await client.SetQueueAsync(TaskMix.LimitedQueue, new QueueSettings { MaxConcurrency = TaskMix.Limit }, cancellationToken);
        var (breaches, book) = (new Breaches(), new Book());
        _fleet = new Fleet(_folder, _server.ConnectionString, ChaosOptions.Workers, ChaosOptions.Concurrency, breaches);
        return new World
        {
            Folder = _folder,
            Server = _server,
            Control = new Control(_server.ConnectionString),
            Fleet = _fleet,
            Adder = new Adder(client, book, breaches),
            Unanswered = new Adder(Client(";Options='-c synchronous_commit=on'"), book, breaches),
            Tasks = new TaskMix(_folder),
            Incidents = new Incidents(),
            Breaches = breaches,
        };
    }

    private QueueClient Client(string settings)
    {
        var client = QueueClient.Create($"{_server!.ConnectionString};Application Name=chaos producer{settings}", Control.Schema);
        _clients.Add(client);
        return client;
    }

    private async Task DisturbAsync(World world, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        world.Fleet.Start();
        await world.Schedules.StartAsync(cancellationToken);
        time.CancelAfter(options.Time);
        var producing = Enumerable.Range(1, ChaosOptions.Producers)
            .Select(number => new Producer(world, number, unchecked((options.Seed * 31) + number)).RunAsync(time.Token));
        await Task.WhenAll([new Killer(world, options.Seed).RunAsync(time.Token), MeasureAsync(world, time.Token), .. producing]);
        await world.Schedules.StopAsync();
    }

    private static async Task MeasureAsync(World world, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                world.Backlog = await world.Control.ScalarAsync<long>("select count(*) from task", stop);
                await Task.Delay(Look, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task SettleAsync(World world, CancellationToken cancellationToken)
    {
        var until = DateTimeOffset.UtcNow + SettleTime;
        while (DateTimeOffset.UtcNow < until
            && await world.Control.ScalarAsync<bool>("select exists (select from task)", cancellationToken))
        {
            await Task.Delay(Look, cancellationToken);
        }
    }

    private static async Task<Findings> JudgeAsync(World world)
    {
        var ledger = (await File.ReadAllLinesAsync(world.Folder.Ledger)).Select(LedgerLine.Parse).ToList();
        var findings = new Findings(world, await Archive.ReadAsync(world.Control), await Archive.ReadJoinsAsync(world.Control), ledger);
        EndChecks.Run(findings);
        RunChecks.Run(findings);
        OverlapChecks.Run(findings);
        OrderChecks.Run(findings);
        LimitChecks.Run(findings);
        ChildChecks.Run(findings);
        world.Schedules.Check(findings);
        return findings;
    }
}
