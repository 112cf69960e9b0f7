using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace PgQueue.Unit;

/// <summary>A way to the server that breaks off once, at a statement that a test names.</summary>
internal sealed class LossyLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly string _statement;
    private readonly bool _delivers;
    private readonly List<Task> _open = [];
    private readonly Task _accepting;
    private int _losses;

    /// <param name="connectionString">The server.</param>
    /// <param name="statement">The statement at which the line breaks.</param>
    /// <param name="delivers">Whether the server still gets it, and only its answer is lost.</param>
    public LossyLine(string connectionString, string statement, bool delivers)
    {
        (_server, _statement, _delivers) = (new NpgsqlConnectionStringBuilder(connectionString), statement, delivers);
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

    public bool HasBroken => Volatile.Read(ref _losses) > 0;

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        await Task.WhenAll(_open);
        _listener.Dispose();
        _closing.Dispose();
    }

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
        using var server = await ConnectAsync();
        using (client)
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token))
        {
            var answers = PumpAsync(server, client, _ => false, end.Token);
            await Task.WhenAny(answers, PumpAsync(client, server, IsTheOne, end.Token));
            await end.CancelAsync();
            await answers;
        }
    }

    private bool IsTheOne(ReadOnlyMemory<byte> bytes) =>
        Encoding.Latin1.GetString(bytes.Span).Contains(_statement, StringComparison.OrdinalIgnoreCase) && Interlocked.Exchange(ref _losses, 1) == 0;

    /// <summary>Passes on what comes, until one end closes or the statement has come.</summary>
    private async Task PumpAsync(Socket from, Socket to, Func<ReadOnlyMemory<byte>, bool> breaks, CancellationToken end)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, end) is > 0 and var got)
            {
                var isEnd = breaks(buffer.AsMemory(0, got));
                if (!isEnd || _delivers)
                {
                    await to.SendAsync(buffer.AsMemory(0, got), end);
                }

                if (isEnd)
                {
                    // Closing our ends loses whatever the server answers.
                    return;
                }
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
