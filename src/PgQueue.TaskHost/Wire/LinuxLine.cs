using System.Runtime.InteropServices;
using System.Text;

namespace PgQueue.TaskHost.Wire;

/// <summary>
/// The line by system calls. The start-up of .NET's sockets (event sources, an asynchronous engine) takes 11 ms of
/// processor time, as much as a third of a whole child.
/// </summary>
internal sealed unsafe partial class LinuxLine : WorkerLine
{
    private const int Unix = 1;
    private const int StreamCloseOnExec = 1 | 0x80000;
    private const int PathStart = 2;
    private const int MaxPath = 107;
    private const int Interrupted = 4;

    private readonly int descriptor;

    public LinuxLine(string path)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > MaxPath)
        {
            throw new IOException($"The socket's path '{path}' takes {name.Length} bytes; {MaxPath} are allowed.");
        }

        var address = new byte[PathStart + name.Length + 1];
        address[0] = Unix;
        name.CopyTo(address, PathStart);
        descriptor = socket(Unix, StreamCloseOnExec, 0);
        fixed (byte* start = address)
        {
            if (descriptor < 0 || connect(descriptor, start, address.Length) != 0)
            {
                throw new IOException($"No worker listens on '{path}': {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }
    }

    protected override int Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint got;
            do
            {
                got = read(descriptor, start, buffer.Length);
            }
            while (got < 0 && Marshal.GetLastPInvokeError() == Interrupted);

            return (int)got;
        }
    }

    protected override bool Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            fixed (byte* start = bytes)
            {
                var sent = write(descriptor, start, bytes.Length);
                if (sent < 0 && Marshal.GetLastPInvokeError() != Interrupted)
                {
                    return false;
                }

                bytes = bytes[(int)Math.Max(sent, 0)..];
            }
        }

        return true;
    }

#pragma warning disable IDE1006 // The C library's own names.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int descriptor, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, byte* buffer, nint count);
#pragma warning restore IDE1006
}
