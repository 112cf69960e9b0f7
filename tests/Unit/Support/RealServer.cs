using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace PgQueue.Unit;

/// <summary>A PostgreSQL by its own tools, for what an embedded server does not do: other addresses, standbys.</summary>
internal sealed class RealServer : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly TestDirectory _directory;
    private readonly ServerAccount _account;
    private readonly string _tools;

    private RealServer(TestDirectory directory, ServerAccount account, string tools)
    {
        (_directory, _account, _tools) = (directory, account, tools);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    public string ConnectionString => At("127.0.0.1");

    private string Data => Path.Combine(_directory.Path, "own", "data");

    /// <summary>A server that has started.</summary>
    public static async Task<RealServer> StartNewAsync(params (string Name, string Value)[] settings)
    {
        var server = await CreateAsync();
        await server.ToolAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "--no-sync");
        await File.AppendAllTextAsync(Path.Combine(server.Data, "pg_hba.conf"), "host all all all trust\nhost replication all all trust\n");
        await server.StartAsync([("fsync", "off"), .. settings]);
        return server;
    }

    /// <summary>A streaming standby of this server, that has caught up.</summary>
    public async Task<RealServer> StartStandbyAsync(string name)
    {
        var server = await CreateAsync();
        Xunit.Assert.SkipUnless(File.Exists(Path.Combine(server._tools, "pg_basebackup")), $"There is no pg_basebackup in {server._tools}.");
        await server.ToolAsync(
            "pg_basebackup", "-D", server.Data, "-R", "--no-sync", "-c", "fast", "-d",
            string.Create(CultureInfo.InvariantCulture, $"host=127.0.0.1 port={Port} user=postgres application_name={name}"));
        await server.StartAsync([("fsync", "off"), ("hot_standby", "on")]);
        return server;
    }

    public string At(string host) => new NpgsqlConnectionStringBuilder
    {
        Host = host,
        Port = Port,
        Username = "postgres",
        Database = "postgres",
    }.ConnectionString;

    public Task StopAsync(string mode) => ToolAsync("pg_ctl", "stop", "-D", Data, "-m", mode, "-w");

    public Task PromoteAsync() => ToolAsync("pg_ctl", "promote", "-D", Data, "-w");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await StopAsync("immediate");
        }

        await _directory.DisposeAsync();
    }

    private static async Task<RealServer> CreateAsync()
    {
        var account = await ServerAccount.ResolveAsync(null, CancellationToken.None);
        var binaries = await BinaryFinder.FindAsync(null, null, null, account, CancellationToken.None);
        var directory = await TestDirectory.CreateAsync();
        account.MakePrivateDirectory(Path.Combine(directory.Path, "own"));
        return new RealServer(directory, account, binaries.Directory);
    }

    private async Task StartAsync((string Name, string Value)[] settings)
    {
        (string Name, string Value)[] all =
        [
            ("port", Port.ToString(CultureInfo.InvariantCulture)), ("listen_addresses", "*"), ("unix_socket_directories", ""), .. settings,
        ];
        await File.AppendAllLinesAsync(Path.Combine(Data, "postgresql.auto.conf"), all.Select(s => $"{s.Name} = '{s.Value}'"));
        await ToolAsync("pg_ctl", "start", "-D", Data, "-w", "-l", Path.Combine(_directory.Path, "own", "log"));
    }

    private async Task ToolAsync(string tool, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var result = await _account.RunAsync(Path.Combine(_tools, tool), arguments, "/", killTree: true, limit.Token);
        if (!result.Succeeded)
        {
            throw new InvalidOperationException($"{tool}: {result.Output}");
        }
    }
}
