using System.Diagnostics;
using System.Text;
using PgQueue.Protocol;

namespace PgQueue.Unix;

/// <summary>
/// All that a child started, found in /proc: its session, what carries the child's mark, and the descendants of both.
/// </summary>
internal static class ProcessTree
{
    private const int MostRounds = 100;

    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Kills it all, until nothing of it is left; gives up where nothing changes any more for 5 s. It is brought to a halt
    /// first: what is killed one by one starts more meanwhile, and leaves children behind that no longer descend from it.
    /// </summary>
    /// <param name="leader">The child, where it has not been reaped.</param>
    /// <param name="mark">The child's mark.</param>
    public static async Task KillAsync(int? leader, string mark)
    {
        var last = new HashSet<(int, long)>();
        var since = Stopwatch.StartNew();
        while (since.Elapsed < GiveUp)
        {
            var found = Freeze(leader, mark, readEnvironments: true);
            if (found.Count == 0)
            {
                return;
            }

            foreach (var (process, _) in found)
            {
                _ = LibC.kill(process, LibC.SIGKILL);
            }

            if (!found.SetEquals(last))
            {
                (last, since) = (found, Stopwatch.StartNew());
            }

            await Task.Delay(5).ConfigureAwait(false);
        }
    }

    /// <summary>Kills what is in a leader's session, but not the leader.</summary>
    public static void KillFollowers(int leader)
    {
        var table = new ProcessTable();
        for (var round = 0; round < MostRounds; round++)
        {
            var found = table.Read().Where(p => p.Session == leader && p.Id != leader && !p.IsDead).ToList();
            if (found.Count == 0)
            {
                return;
            }

            found.ForEach(p => _ = LibC.kill(p.Id, LibC.SIGKILL));
        }
    }

    /// <summary>
    /// Brings it all to a halt, round by round until no new process is found: one that has been told to stop starts
    /// nothing any more.
    /// </summary>
    /// <param name="leader">The child, where it has not been reaped.</param>
    /// <param name="mark">The child's mark.</param>
    /// <param name="readEnvironments">
    /// Look for the mark in environments as well, which takes long while the machine is overrun; <see cref="InheritedMark"/>
    /// finds all but what has thrown that off.
    /// </param>
    /// <returns>What was stopped: the processes' numbers, and when they began.</returns>
    public static HashSet<(int Id, long Started)> Freeze(int? leader, string mark, bool readEnvironments)
    {
        if (leader is { } group)
        {
            _ = LibC.kill(-group, LibC.SIGSTOP);
        }

        var table = new ProcessTable();
        var stopped = new HashSet<(int, long)>();
        for (var round = 0; round < MostRounds; round++)
        {
            var more = false;
            foreach (var process in Find(table, leader, mark, readEnvironments))
            {
                if (stopped.Add((process.Id, process.Started)))
                {
                    more = true;
                    _ = LibC.kill(process.Id, LibC.SIGSTOP);
                }
            }

            if (!more)
            {
                break;
            }
        }

        return stopped;
    }

    private static IEnumerable<ProcessEntry> Find(ProcessTable table, int? leader, string mark, bool readEnvironments)
    {
        var inherited = InheritedMark.Of(mark);
        var marked = Encoding.UTF8.GetBytes($"{ChildEnvironment.Mark}={mark}\0");
        var environment = new byte[16 * 1024];
        var processes = table.Read();
        var found = new HashSet<int>();
        found.UnionWith(processes.Where(p => !p.IsKernel
            && (p.Id == leader || p.Session == leader || InheritedMark.Read(p.Id) == inherited
                || (readEnvironments && ProcFile.ReadAll(p.Id, "environ"u8, ref environment).IndexOf(marked) >= 0))).Select(p => p.Id));

        // Parents mostly come before their children, so this seldom takes a third look.
        var known = -1;
        while (found.Count > known)
        {
            known = found.Count;
            found.UnionWith(processes.Where(p => found.Contains(p.Parent)).Select(p => p.Id));
        }

        return processes.Where(p => !p.IsDead && found.Contains(p.Id));
    }
}
