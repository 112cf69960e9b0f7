using System.Diagnostics;
using System.Globalization;
using System.Text;
using PgQueue.Protocol;

namespace PgQueue.Unix;

/// <summary>
/// All that a child started, found in /proc: its session, its descendants, and, however far they have gone from both,
/// what carries the child's mark in its environment.
/// </summary>
internal static class ProcessTree
{
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(5);

    /// <summary>Kills it all. A tree may grow while it is read, so it is read again until nothing of it lives.</summary>
    /// <param name="leader">The child, where it has not been reaped.</param>
    /// <param name="mark">The child's mark.</param>
    public static async Task KillAsync(int? leader, string mark)
    {
        if (leader is { } pid)
        {
            _ = LibC.kill(-pid, LibC.SIGKILL);
        }

        var since = Stopwatch.StartNew();
        while (since.Elapsed < GiveUp)
        {
            var alive = Find(leader, mark);
            if (alive.Count == 0)
            {
                return;
            }

            foreach (var process in alive)
            {
                _ = LibC.kill(process, LibC.SIGKILL);
            }

            await Task.Delay(5).ConfigureAwait(false);
        }
    }

    /// <summary>Resident memory of it all, in bytes.</summary>
    public static long MeasureMemory(int leader, string mark) =>
        Find(leader, mark).Sum(pid => TryRead($"/proc/{pid}/statm") is { } text
            && long.TryParse(text.Split(' ') is [_, var resident, ..] ? resident : "", CultureInfo.InvariantCulture, out var pages)
                ? pages * Environment.SystemPageSize
                : 0);

    private static List<int> Find(int? leader, string mark)
    {
        var found = new List<int>();
        var marked = Encoding.UTF8.GetBytes($"{ChildEnvironment.Mark}={mark}\0");
        var processes = ReadAll();
        foreach (var process in processes.Values)
        {
            if (process.State is not ('Z' or 'X')
                && ((leader is not null && (process.Session == leader || DescendsFrom(process, leader.Value, processes)))
                    || HasInEnvironment(process.Id, marked)))
            {
                found.Add(process.Id);
            }
        }

        return found;
    }

    private static bool DescendsFrom(Entry process, int ancestor, Dictionary<int, Entry> all)
    {
        // The bound is for a table read while processes come and go: it might, for a moment, hold a circle.
        for (var steps = 0; steps < 1000; steps++)
        {
            if (process.Id == ancestor)
            {
                return true;
            }

            if (!all.TryGetValue(process.Parent, out process))
            {
                return false;
            }
        }

        return false;
    }

    private static Dictionary<int, Entry> ReadAll()
    {
        var all = new Dictionary<int, Entry>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && TryRead($"/proc/{pid}/stat") is { } stat
                && stat[(stat.LastIndexOf(')') + 2)..].Split(' ') is [var state, var parent, _, var session, ..])
            {
                all[pid] = new Entry(pid, state[0], int.Parse(parent, CultureInfo.InvariantCulture), int.Parse(session, CultureInfo.InvariantCulture));
            }
        }

        return all;
    }

    private static bool HasInEnvironment(int pid, byte[] setting)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/environ").AsSpan().IndexOf(setting) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // Gone already, or another user's and so none of ours.
        }
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // The process has gone.
        }
    }

    private readonly record struct Entry(int Id, char State, int Parent, int Session);
}
