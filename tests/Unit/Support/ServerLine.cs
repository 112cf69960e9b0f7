using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace PgQueue.Unit;

/// <summary>A way to the server through this process, on which a test does harm.</summary>
internal abstract class ServerLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly List<Task> _open = [];
    private readonly Task _accepting;

    protected ServerLine(string connectionString)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        _listener.Start();
        var there = (IPEndPoint)_listener.LocalEndpoint;
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = there.Address.ToString(),
            Port = there.Port,
            SslMode = SslMode.Disable,
        }.ConnectionString;
        _accepting = AcceptAsync();
    }

    public string ConnectionString { get; }

    /// <summary>Connections made by it so far.</summary>
    public int Connections => _open.Count;

    /// <summary>What a connection that is opened now keeps of this moment.</summary>
    protected virtual int Now => 0;

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        await Task.WhenAll(_open);
        _listener.Dispose();
        _closing.Dispose();
    }

    /// <summary>Passes on what has come, or does not.</summary>
    /// <param name="bytes">What has come.</param>
    /// <param name="fromClient">From which side.</param>
    /// <param name="openedAt">What <see cref="Now"/> was when the connection was opened.</param>
    /// <param name="send">Passes it on.</param>
    /// <param name="end">The connection's end.</param>
    /// <returns>Whether the connection holds; otherwise both its ends are closed.</returns>
    protected abstract Task<bool> PassAsync(ReadOnlyMemory<byte> bytes, bool fromClient, int openedAt, Func<Task> send, CancellationToken end);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _open.Add(ServeAsync(await _listener.AcceptSocketAsync(_closing.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var openedAt = Now;
        using var server = await ConnectAsync();
        using (client)
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token))
        {
            var answers = PumpAsync(server, client, fromClient: false, openedAt, end.Token);
            await Task.WhenAny(answers, PumpAsync(client, server, fromClient: true, openedAt, end.Token));
            await end.CancelAsync();
            await answers;
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool fromClient, int openedAt, CancellationToken end)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            var holds = true;
            while (holds && await from.ReceiveAsync(buffer, end) is > 0 and var got)
            {
                var bytes = buffer.AsMemory(0, got);
                holds = await PassAsync(bytes, fromClient, openedAt, async () => await to.SendAsync(bytes, end), end);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The other side has gone.
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var isFolder = _server.Host!.StartsWith('/');
        EndPoint there = isFolder
            ? new UnixDomainSocketEndPoint($"{_server.Host}/.s.PGSQL.{_server.Port}")
            : new DnsEndPoint(_server.Host, _server.Port);
        var socket = isFolder ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(there);
        return socket;
    }
}
