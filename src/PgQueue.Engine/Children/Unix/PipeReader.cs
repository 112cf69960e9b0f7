using System.ComponentModel;
using System.Runtime.InteropServices;

namespace PgQueue.Unix;

/// <summary>Reads a pipe without blocking a thread.</summary>
internal sealed class PipeReader(Descriptor pipe) : IDisposable
{
    /// <summary>Bytes read; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var got = TryRead(buffer.Span);
            if (got >= 0)
            {
                return got;
            }

            await PollLoop.Shared.ReadableAsync(pipe, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => pipe.Dispose();

    /// <summary>Bytes read, 0 at the end, -1 where there are none yet.</summary>
    private unsafe int TryRead(Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            while (true)
            {
                var got = LibC.read(pipe, first, buffer.Length);
                if (got >= 0)
                {
                    return (int)got;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case LibC.EINTR:
                        continue;
                    case LibC.EAGAIN:
                        return -1;
                    case var error:
                        throw new Win32Exception(error);
                }
            }
        }
    }
}
