using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit;

/// <summary>What this machine has and runs.</summary>
internal static class Machine
{
    /// <summary>Skips the test where there is no PowerShell.</summary>
    public static void NeedsPwsh() => Assert.SkipWhen(
        Executables.Find("pwsh", Environment.GetEnvironmentVariable("PATH"), Environment.CurrentDirectory) is null,
        "There is no pwsh on PATH: script tasks can't be tested.");

    /// <summary>The task with something in its environment by which all its processes are found.</summary>
    public static (NewTask Task, string Mark) Marked(NewTask task)
    {
        var value = Guid.NewGuid().ToString("N");
        task.Spec!["env"] = new JsonObject { ["PGQUEUE_TEST_MARK"] = value };
        return (task, $"PGQUEUE_TEST_MARK={value}\0");
    }

    public static bool IsAlive(int processId) =>
        Read($"/proc/{processId}/stat").Split(") ") is [_, [var state, ..], ..] && state is not ('Z' or 'X');

    /// <summary>A process's command line, its arguments with NUL between; empty where it has gone.</summary>
    public static string CommandLine(int processId) => Read($"/proc/{processId}/cmdline");

    /// <summary>Live processes whose environment holds this text.</summary>
    public static List<int> ProcessesWith(string text) =>
        [.. Processes().Where(pid => Read($"/proc/{pid}/environ").Contains(text, StringComparison.Ordinal) && IsAlive(pid))];

    /// <summary>Live processes whose command line holds this text.</summary>
    public static List<int> ProcessesRunning(string text) =>
        [.. Processes().Where(pid => CommandLine(pid).Contains(text, StringComparison.Ordinal) && IsAlive(pid))];

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0);

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // Gone meanwhile.
        }
    }
}
