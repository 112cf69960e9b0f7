using System.Buffers.Text;

namespace PgQueue.Unix;

/// <summary>The most memory that a running process has held.</summary>
internal static class PeakMemory
{
    private const int StatusSize = 4096;
    private const int Kilobyte = 1024;

    /// <summary>In bytes, since its start or the last call; null where the system does not tell.</summary>
    public static long? Take(int processId)
    {
        Span<byte> buffer = stackalloc byte[StatusSize];
        var status = buffer[..ProcFile.Read(processId, "status"u8, buffer)];
        var at = status.IndexOf("VmHWM:"u8);
        if (at < 0 || !Utf8Parser.TryParse(status[at..]["VmHWM:"u8.Length..].TrimStart(" \t"u8), out long peak, out _))
        {
            return null;
        }

        Reset(processId);
        return peak * Kilobyte;
    }

    private static void Reset(int processId)
    {
        try
        {
            File.WriteAllText($"/proc/{processId}/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended, or the kernel has no such file: the next task's peak is then this one's at least.
        }
    }
}
