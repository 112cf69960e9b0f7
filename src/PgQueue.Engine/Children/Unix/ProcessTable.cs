using System.Buffers.Text;
using System.Globalization;
using System.IO.Enumeration;

namespace PgQueue.Unix;

/// <summary>A process as the system showed it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="State">A letter, as proc(5) lists them.</param>
/// <param name="Parent">Its parent's number.</param>
/// <param name="Session">The number of its session's leader.</param>
/// <param name="IsKernel">It is a thread of the kernel.</param>
/// <param name="Started">When it began, which tells it from another that had its number before.</param>
/// <param name="Memory">Its resident memory in bytes.</param>
internal readonly record struct ProcessEntry(
    int Id, char State, int Parent, int Session, bool IsKernel, long Started, long Memory)
{
    /// <summary>It has ended; its parent has not noticed yet.</summary>
    public bool IsDead => State is 'Z' or 'X';
}

/// <summary>
/// All processes of the system that show themselves in /proc. It is read again into the same memory: while a machine is
/// overrun, a garbage collection would wait for threads that get no time.
/// </summary>
internal sealed class ProcessTable
{
    private const int StatSize = 1024;

    /// <summary>PF_KTHREAD in the flags of a process.</summary>
    private const long KernelThread = 0x200000;

    private static readonly FileSystemEnumerable<int> Numbers = new(
        "/proc",
        (ref FileSystemEntry entry) => int.Parse(entry.FileName, CultureInfo.InvariantCulture),
        new EnumerationOptions { AttributesToSkip = 0 })
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => char.IsAsciiDigit(entry.FileName[0]),
    };

    private readonly List<int> _numbers = [];
    private readonly List<ProcessEntry> _processes = [];

    /// <summary>The processes by their numbers upward; until the next call.</summary>
    /// <exception cref="IOException">/proc can't be listed.</exception>
    public List<ProcessEntry> Read()
    {
        _numbers.Clear();
        _processes.Clear();

        // Listed first: so one descriptor is enough, also where there is only one left.
        _numbers.AddRange(Numbers);
        Span<byte> buffer = stackalloc byte[StatSize];
        foreach (var number in _numbers)
        {
            if (TryParse(number, buffer[..ProcFile.Read(number, "stat"u8, buffer)], out var process))
            {
                _processes.Add(process);
            }
        }

        return _processes;
    }

    /// <summary>
    /// The number that the system gave out last. It counts upward, and begins anew at its end: so many processes and
    /// threads at the most were started between two looks. 0 where the system does not tell.
    /// </summary>
    public static int LastNumber()
    {
        Span<byte> buffer = stackalloc byte[128];
        var text = buffer[..ProcFile.Read("/proc/loadavg\0"u8, buffer)];
        return Utf8Parser.TryParse(text[(text.LastIndexOf((byte)' ') + 1)..], out int last, out _) ? last : 0;
    }

    private static bool TryParse(int id, ReadOnlySpan<byte> stat, out ProcessEntry process)
    {
        // "17 (a name with anything in it) S 1 17 17 …": what is wanted are fields 3, 4, 6, 9, 22 and 24 of proc(5).
        process = default;
        var rest = stat[(stat.LastIndexOf((byte)')') + 1)..];
        if (rest.Length < 4)
        {
            return false;
        }

        var state = (char)rest[1];
        rest = rest[3..];
        Span<long> fields = stackalloc long[25];
        for (var n = 4; n < fields.Length; n++)
        {
            if (!Utf8Parser.TryParse(rest, out fields[n], out var length))
            {
                return false;
            }

            rest = rest[Math.Min(length + 1, rest.Length)..];
        }

        process = new ProcessEntry(
            id, state, (int)fields[4], (int)fields[6], (fields[9] & KernelThread) != 0, fields[22], fields[24] * Environment.SystemPageSize);
        return true;
    }
}
