using System.Buffers.Binary;
using System.Text.Json;

namespace PgQueue.Protocol;

/// <summary>
/// The worker's end of the line to a child: frames of four bytes of length, little endian, then a message. One reader and one writer may work at the same time; two writers may not.
/// </summary>
internal sealed class FrameStream(Stream stream) : IDisposable
{
    /// <summary>Bounds what a broken peer can make this side allocate.</summary>
    public const int MaxFrame = 64 * 1024 * 1024;

    /// <summary>The next message, or null where the peer has closed its end.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a frame of this protocol.</exception>
    public async ValueTask<ChildMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        var header = new byte[4];
        var got = await stream.ReadAtLeastAsync(header, 4, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (got < 4)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is <= 0 or > MaxFrame)
        {
            throw new InvalidDataException($"A frame of {length} bytes; 1 to {MaxFrame} are allowed.");
        }

        var body = new byte[length];
        got = await stream.ReadAtLeastAsync(body, length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (got < length)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(body, ProtocolJson.Default.ChildMessage);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("A frame that is not a message: " + e.Message, e);
        }
    }

    /// <summary>Writes one message and flushes it.</summary>
    /// <exception cref="InvalidDataException">The message is larger than <see cref="MaxFrame"/>.</exception>
    public async ValueTask WriteAsync(WorkerMessage message, CancellationToken cancellationToken)
    {
        var body = WorkerFrame.Write(message);
        if (body.Length > MaxFrame)
        {
            throw new InvalidDataException($"A message of {body.Length} bytes; at most {MaxFrame} are allowed.");
        }

        var frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, body.Length);
        body.CopyTo(frame.AsSpan(4));
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => stream.Dispose();
}
