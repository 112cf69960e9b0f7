using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace PgQueue.TaskHost.Wire;

/// <summary>The line where .NET's own sockets do.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It lives as long as the process.")]
internal sealed class SocketLine : WorkerLine
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public SocketLine(string path)
    {
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e)
        {
            throw new IOException($"No worker listens on '{path}': {e.Message}", e);
        }
    }

    protected override int Receive(Span<byte> buffer)
    {
        try
        {
            return socket.Receive(buffer);
        }
        catch (SocketException)
        {
            // Reset instead of closed: the worker died with something unread.
            return 0;
        }
    }

    protected override bool Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[socket.Send(bytes)..];
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
