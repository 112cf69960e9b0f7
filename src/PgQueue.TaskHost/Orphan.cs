using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>What a child does when its worker is gone: it ends, with everything it started.</summary>
internal static class Orphan
{
    private static readonly TimeSpan SweepLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>Kills what carries this child's mark, then its process group, itself included. Does not return.</summary>
    [DoesNotReturn]
    public static void EndProcess()
    {
        if (OperatingSystem.IsWindows())
        {
            // The worker's job object ends the rest.
            Process.GetCurrentProcess().Kill();
        }

        if (OperatingSystem.IsLinux())
        {
            // On a thread of its own, so that nothing the task does to this process can keep it alive.
            var sweep = new Thread(EndMarked) { IsBackground = true, Name = "sweep" };
            sweep.Start();
            sweep.Join(SweepLimit);
        }

        Posix.KillOwnGroup();
        Thread.Sleep(Timeout.Infinite);
        throw new UnreachableException();
    }

    /// <summary>
    /// Ends the processes that this child started and that have left its process group: they are in its session still,
    /// or have its mark in their environment.
    /// </summary>
    private static void EndMarked()
    {
        var own = Environment.ProcessId;
        var mark = Environment.GetEnvironmentVariable(ChildEnvironment.Mark);
        var entry = string.IsNullOrEmpty(mark) ? null : $"{ChildEnvironment.Mark}={mark}";
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && id != own && IsOurs(folder, id, own, entry))
            {
                Posix.Kill(id);
            }
        }
    }

    private static bool IsOurs(string folder, int id, int own, string? entry)
    {
        if (Posix.SessionOf(id) == own)
        {
            return true;
        }

        try
        {
            return entry is not null && File.ReadAllText(folder + "/environ").Split('\0').Contains(entry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Ended meanwhile, or another user's: not one of ours.
            return false;
        }
    }
}
