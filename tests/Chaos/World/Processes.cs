using System.Globalization;
using System.Runtime.InteropServices;

namespace PgQueue.Chaos;

/// <summary>A process of this run: whatever carries its mark in its environment.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Parent">Its parent's.</param>
/// <param name="ChildMark">The mark of the worker's child that it belongs to; null for a worker and its guardian.</param>
internal sealed record ChaosProcess(int Id, int Parent, string? ChildMark)
{
    /// <summary>The part of the mark that all children of one worker have.</summary>
    public string? WorkerMark => ChildMark?.Split('/')[0];
}

/// <summary>Processes as /proc shows them, apart from all that the engine knows.</summary>
internal static partial class Processes
{
    public const string RunVariable = "PGQUEUE_CHAOS";

    private const string ChildVariable = "PGQUEUE_CHILD=";

    public static List<ChaosProcess> OfRun(string run)
    {
        var found = new List<ChaosProcess>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            var environment = Read($"/proc/{id}/environ").Split('\0');
            if (environment.Contains($"{RunVariable}={run}") && Status(id) is (not ('Z' or 'X' or '\0'), var parent))
            {
                found.Add(new ChaosProcess(
                    id, parent, environment.FirstOrDefault(v => v.StartsWith(ChildVariable, StringComparison.Ordinal))?[ChildVariable.Length..]));
            }
        }

        return found;
    }

    public static string CommandLine(int id) => Read($"/proc/{id}/cmdline").Replace('\0', ' ');

    public static void Signal(int id, Signal signal) => _ = kill(id, (int)signal);

    private static (char State, int Parent) Status(int id)
    {
        var text = Read($"/proc/{id}/stat");
        return text.Length == 0 || text[(text.LastIndexOf(')') + 2)..].Split(' ') is not [var state, var parent, ..]
            ? default
            : (state[0], int.Parse(parent, CultureInfo.InvariantCulture));
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // Gone meanwhile, or another user's.
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}

/// <summary>Linux's numbers.</summary>
internal enum Signal
{
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
