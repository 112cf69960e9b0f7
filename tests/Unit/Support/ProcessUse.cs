using System.Globalization;

namespace PgQueue.Unit;

/// <summary>What a process holds at a moment.</summary>
/// <param name="Memory">Bytes in memory.</param>
/// <param name="Handles">Open files, pipes and sockets.</param>
/// <param name="Threads">Threads.</param>
internal sealed record ProcessUse(long Memory, int Handles, int Threads)
{
    /// <returns>Null where the process has ended.</returns>
    public static ProcessUse? Of(int processId)
    {
        try
        {
            var handles = Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd").Count();
            var status = File.ReadLines($"/proc/{processId}/status").Select(line => line.Split(':', 2)).ToDictionary(f => f[0], f => f[1]);
            return status.TryGetValue("VmRSS", out var memory)
                ? new(Number(memory.Split("kB")[0]) * 1024, handles, (int)Number(status["Threads"]))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Gone in between.
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
