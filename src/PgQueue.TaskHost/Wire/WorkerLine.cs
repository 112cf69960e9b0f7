using System.Buffers.Binary;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Wire;

/// <summary>
/// A blocking byte stream to the worker, in frames (see <see cref="FrameStream"/>, the worker's side). Blocking,
/// because asynchronous reads need the thread pool, which belongs to the task and may be starved by it.
/// </summary>
internal abstract class WorkerLine
{
    /// <summary>Connects to the worker's socket.</summary>
    /// <exception cref="IOException">Nobody listens there.</exception>
    public static WorkerLine Connect(string path) => OperatingSystem.IsLinux() ? new LinuxLine(path) : new SocketLine(path);

    /// <summary>The next frame's content; null where the worker has closed its end or died.</summary>
    public byte[]? ReceiveFrame()
    {
        var header = new byte[4];
        if (!Fill(header))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is <= 0 or > FrameStream.MaxFrame)
        {
            throw new InvalidDataException($"A frame of {length} bytes; 1 to {FrameStream.MaxFrame} are allowed.");
        }

        var body = new byte[length];
        return Fill(body) ? body : null;
    }

    /// <summary>Sends a frame whose first four bytes are still free for its length; false where the worker is gone.</summary>
    public bool SendFrame(Span<byte> frame)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - 4);
        return Send(frame);
    }

    /// <summary>Reads what there is, at least one byte; 0 where the worker is gone.</summary>
    protected abstract int Receive(Span<byte> buffer);

    /// <summary>Writes all of it; false where the worker is gone.</summary>
    protected abstract bool Send(ReadOnlySpan<byte> bytes);

    private bool Fill(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var got = Receive(buffer);
            if (got <= 0)
            {
                return false;
            }

            buffer = buffer[got..];
        }

        return true;
    }
}
