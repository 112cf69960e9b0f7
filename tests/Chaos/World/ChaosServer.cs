namespace PgQueue.Chaos;

/// <summary>The run's own PostgreSQL.</summary>
internal sealed class ChaosServer(RunFolder folder)
{
    /// <summary>A smart stop waits for workers, which never leave: so long it may.</summary>
    private static readonly TimeSpan SmartTime = TimeSpan.FromSeconds(2);

    private readonly EmbeddedServer _server = new(new EmbeddedServerOptions
    {
        DataDirectory = folder.Server,
        // The machine does not die, only processes do: what is written is there without fsync.
        Settings = new Dictionary<string, string>
        {
            ["fsync"] = "off",
            ["max_connections"] = "200",
            // Who asks for it waits at its commit for a standby that never comes: see DatabaseFaults.
            ["synchronous_standby_names"] = "nobody",
            ["synchronous_commit"] = "local",
        },
    });

    public string ConnectionString { get; private set; } = "";

    public async Task StartAsync(CancellationToken cancellationToken) =>
        ConnectionString = (await _server.StartAsync(cancellationToken)).ConnectionString!;

    /// <summary>Stops it, leaves it away for a time, and starts it again.</summary>
    public async Task RestartAsync(FaultKind how, TimeSpan away)
    {
        switch (how)
        {
            case FaultKind.RestartImmediate:
                await _server.StopAsync(ServerStopMode.Immediate);
                break;
            case FaultKind.RestartSmart:
                await StopSmartAsync();
                break;
            default:
                await _server.StopAsync(ServerStopMode.Fast);
                break;
        }

        await Task.Delay(away);
        await _server.StartAsync();
    }

    public async Task RemoveAsync() => await _server.RemoveAsync();

    /// <summary>For a time the server takes no new connections while the old ones go on; then it ends them.</summary>
    private async Task StopSmartAsync()
    {
        using var time = new CancellationTokenSource(SmartTime);
        try
        {
            await _server.StopAsync(ServerStopMode.Smart, time.Token);
        }
        catch (OperationCanceledException)
        {
            await _server.StopAsync(ServerStopMode.Fast);
        }
    }
}
