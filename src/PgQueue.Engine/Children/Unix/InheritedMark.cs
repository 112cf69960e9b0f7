using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace PgQueue.Unix;

/// <summary>
/// A child's mark in a form that it can neither scrub off with its environment nor lose with its parents: the limit of
/// the time that a process may run in real time without a pause, so high that it limits nothing. The kernel hands it on
/// to all that the child starts. To read it takes no lock of that process, while one that is just being started, and has
/// to share the processor with a thousand others, can keep its environment locked for seconds.
/// </summary>
internal static class InheritedMark
{
    /// <summary>Above the numbers of children stand eight digits of the worker's, above those a 4.</summary>
    private const ulong Children = 10_000_000_000;
    private const ulong Workers = 100_000_000;

    /// <summary>
    /// Marks a process that was just started, and what it has started already: no process can be started with the mark.
    /// Where the system does not let it, the environment has to do.
    /// </summary>
    /// <param name="processId">The process.</param>
    /// <param name="mark">The child's mark, <c>3f…9a/17</c>.</param>
    public static void Put(int processId, string mark) => Put(processId, Of(mark));

    /// <summary>A child's mark as a number.</summary>
    public static ulong Of(string mark) =>
        (OfWorker(mark) * Children) + (uint)int.Parse(mark.AsSpan(mark.IndexOf('/') + 1), CultureInfo.InvariantCulture);

    /// <summary>The beginning of that number, which is the same for all children of a worker.</summary>
    /// <param name="mark">The worker's mark, or a child's.</param>
    public static ulong OfWorker(string mark) =>
        (4 * Workers) + (uint.Parse(mark.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % Workers);

    /// <summary>What a process carries; 0 where it carries none.</summary>
    public static ulong Read(int processId)
    {
        Span<byte> buffer = stackalloc byte[2048];
        var limits = buffer[..ProcFile.Read(processId, "limits"u8, buffer)];
        var name = limits.IndexOf("Max realtime timeout"u8);
        return name >= 0 && Utf8Parser.TryParse(limits[(name + 20)..].TrimStart((byte)' '), out ulong mark, out _) ? mark : 0;
    }

    private static unsafe void Put(int processId, ulong mark)
    {
        LibC.Limit limit;
        if (LibC.prlimit(processId, LibC.RLIMIT_RTTIME, null, &limit) != 0)
        {
            return;
        }

        limit.Soft = mark;
        _ = LibC.prlimit(processId, LibC.RLIMIT_RTTIME, &limit, null);

        // What it starts from here on inherits the mark.
        Span<byte> buffer = stackalloc byte[256];
        ReadOnlySpan<byte> children = buffer[..ProcFile.Read(processId, Encoding.UTF8.GetBytes($"task/{processId}/children"), buffer)];
        while (Utf8Parser.TryParse(children, out int child, out var length))
        {
            children = children[Math.Min(length + 1, children.Length)..];
            if (Read(child) != mark)
            {
                Put(child, mark);
            }
        }
    }

    /// <summary>The child's number in what a process carries; 0 where that is not of this worker.</summary>
    /// <param name="carried">What the process carries.</param>
    /// <param name="ofWorker">The beginning of this worker's numbers.</param>
    public static int ChildIn(ulong carried, ulong ofWorker) =>
        carried / Children == ofWorker ? (int)(uint)(carried % Children) : 0;
}
