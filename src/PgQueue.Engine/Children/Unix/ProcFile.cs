using System.Buffers.Text;

namespace PgQueue.Unix;

/// <summary>Reads files of /proc. What they tell of may go at any moment, so that is no error.</summary>
internal static unsafe class ProcFile
{
    /// <summary>The beginning of a process's file, as much as the buffer takes.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="buffer">Where to put it.</param>
    /// <returns>Bytes read; 0 where the process has gone or does not let itself be read.</returns>
    public static int Read(int processId, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        Span<byte> path = stackalloc byte[64];
        "/proc/"u8.CopyTo(path);
        Utf8Formatter.TryFormat(processId, path[6..], out var digits);
        path[6 + digits] = (byte)'/';
        name.CopyTo(path[(7 + digits)..]);
        path[7 + digits + name.Length] = 0;
        return Read(path, buffer);
    }

    /// <summary>The whole of a process's file.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="buffer">Where to put it; a larger one where it does not fit.</param>
    public static ReadOnlySpan<byte> ReadAll(int processId, ReadOnlySpan<byte> name, ref byte[] buffer)
    {
        while (true)
        {
            var got = Read(processId, name, buffer);
            if (got < buffer.Length)
            {
                return buffer.AsSpan(0, got);
            }

            buffer = new byte[buffer.Length * 4];
        }
    }

    /// <summary>The beginning of a file, as much as the buffer takes.</summary>
    /// <param name="path">Its path, ended by a NUL.</param>
    /// <param name="buffer">Where to put it.</param>
    /// <returns>Bytes read; 0 where it is not there.</returns>
    public static int Read(ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        int file;
        fixed (byte* name = path)
        {
            file = LibC.open(name, LibC.O_RDONLY | LibC.O_CLOEXEC);
        }

        if (file < 0)
        {
            return 0;
        }

        var got = 0;
        fixed (byte* first = buffer)
        {
            nint more;
            while (got < buffer.Length && (more = LibC.read(file, first + got, buffer.Length - got)) > 0)
            {
                got += (int)more;
            }
        }

        _ = LibC.close(file);
        return got;
    }
}
