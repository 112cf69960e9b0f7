using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace PgQueue.Unit;

/// <summary>A way to the server on which, for a time, nothing comes through; what was open then stays silent for ever.</summary>
internal sealed class StallingLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly List<Task> _open = [];
    private readonly Task _accepting;
    private int _age;
    private bool _stalled;

    public StallingLine(string connectionString)
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

    public void Stall()
    {
        Interlocked.Increment(ref _age);
        Volatile.Write(ref _stalled, true);
    }

    /// <summary>New connections come through again.</summary>
    public void Mend()
    {
        Interlocked.Increment(ref _age);
        Volatile.Write(ref _stalled, false);
    }

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
        using (client)
        {
            if (Volatile.Read(ref _stalled))
            {
                await Task.Delay(Timeout.Infinite, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            using var server = await ConnectAsync();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
            var age = Volatile.Read(ref _age);
            var answers = PumpAsync(server, client, age, end.Token);
            await Task.WhenAny(answers, PumpAsync(client, server, age, end.Token));
            await end.CancelAsync();
            await answers;
        }
    }

    private async Task PumpAsync(Socket from, Socket to, int age, CancellationToken end)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, end) is > 0 and var got)
            {
                if (Volatile.Read(ref _age) != age)
                {
                    await Task.Delay(Timeout.Infinite, end);
                }

                await to.SendAsync(buffer.AsMemory(0, got), end);
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
