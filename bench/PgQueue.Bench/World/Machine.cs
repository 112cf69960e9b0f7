using System.Globalization;
using System.Runtime.InteropServices;

namespace PgQueue.Bench;

/// <summary>What a run is measured on, for whoever keeps its figures.</summary>
internal static class Machine
{
    private const double Gigabyte = 1e9;

    public static string Describe()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gigabyte;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, {memory:0} GB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, load {Load()}");
    }

    /// <summary>Processes that want a processor, on average of the last minute: more than 1 before a run, and others are at work here.</summary>
    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
