using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Xunit;

namespace PgQueue.Unit;

/// <summary>A real PgBouncer in transaction mode before the test's server, with few sessions for many connections.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private const int Sessions = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();

    private PgBouncer(string program, NpgsqlConnectionStringBuilder server)
    {
        var port = FreePort();
        var settings = _folder.File("pgbouncer.ini", string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            * = host={server.Host} port={server.Port} user={server.Username} password='{server.Password?.Replace("'", "''", StringComparison.Ordinal)}'
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = {Sessions}
            max_client_conn = 200
            """));
        ConnectionString = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "anybody",
            Database = server.Database,
        }.ConnectionString;

        // It refuses to run as root: it becomes whom the server runs as, who alone can reach that one's socket.
        string[] account = Environment.IsPrivilegedProcess ? ["-u", File.ReadLines("/etc/passwd").Any(IsPostgres) ? "postgres" : "nobody"] : [];
        _process = Process.Start(new ProcessStartInfo(program, [.. account, settings]) { RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
    }

    public string ConnectionString { get; }

    /// <summary>Skips the test where there is none.</summary>
    public static async Task<PgBouncer> StartAsync()
    {
        var program = Executables.Find("pgbouncer", $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin", Environment.CurrentDirectory);
        Assert.SkipWhen(program is null, "There is no pgbouncer on PATH.");
        var bouncer = new PgBouncer(program!, new NpgsqlConnectionStringBuilder(await SharedServer.ConnectionStringAsync()));
        try
        {
            await Until.TrueAsync(bouncer.AnswersAsync, TimeSpan.FromSeconds(10));
            return bouncer;
        }
        catch (TimeoutException e)
        {
            await bouncer.DisposeAsync();
            throw new TimeoutException(string.Join('\n', bouncer._log), e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException) when (!_process.HasExited)
        {
            return false;
        }
    }

    private static bool IsPostgres(string user) => user.StartsWith("postgres:", StringComparison.Ordinal);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
