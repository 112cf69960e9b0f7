using System.Buffers.Text;
using System.Text;
using PgQueue.Protocol;

namespace PgQueue.Unix;

/// <summary>What the processes of one child hold together.</summary>
/// <param name="Processes">How many they are, also those that have ended and whose parents have not noticed.</param>
/// <param name="Memory">Their resident memory in bytes.</param>
internal readonly record struct Holding(int Processes, long Memory);

/// <summary>
/// Counts the processes of all children of a worker in one look at /proc. Whose child a process is never changes, so
/// its environment is read once.
/// </summary>
/// <param name="workerMark">The part of the children's mark that is the worker's.</param>
internal sealed class TreeCensus(string workerMark)
{
    /// <summary>The child's number of a process that belongs to none.</summary>
    private const int Nobody = 0;

    private readonly byte[] _mark = Encoding.UTF8.GetBytes($"{ChildEnvironment.Mark}={workerMark}/");
    private Dictionary<int, (long Started, int Child)> _known = [];
    private byte[] _environment = new byte[16 * 1024];

    /// <summary>What the processes of each child hold, by the child's number; one that is missing has none.</summary>
    /// <exception cref="IOException">/proc can't be listed.</exception>
    public Dictionary<int, Holding> Take()
    {
        var processes = ProcessTable.Read();
        var known = new Dictionary<int, (long, int)>(processes.Count);
        var holdings = new Dictionary<int, Holding>();
        foreach (var process in processes.Where(p => !p.IsKernel))
        {
            var child = ChildOf(process, known, out var isCertain);
            if (isCertain)
            {
                known[process.Id] = (process.Started, child);
            }

            if (child != Nobody)
            {
                var held = holdings.GetValueOrDefault(child);
                holdings[child] = new Holding(held.Processes + 1, held.Memory + process.Memory);
            }
        }

        _known = known;
        return holdings;
    }

    private int ChildOf(ProcessEntry process, Dictionary<int, (long Started, int Child)> known, out bool isCertain)
    {
        isCertain = true;
        if (_known.TryGetValue(process.Id, out var before) && before.Started == process.Started)
        {
            return before.Child;
        }

        // Parents and sessions come first in the table, but for when numbers begin anew: then the next look finds it.
        if (known.TryGetValue(process.Parent, out var parent) && parent.Child != Nobody)
        {
            return parent.Child;
        }

        if (known.TryGetValue(process.Session, out var leader) && leader.Child != Nobody)
        {
            return leader.Child;
        }

        var environment = ProcFile.ReadAll(process.Id, "environ"u8, ref _environment);
        var mark = environment.IndexOf(_mark);
        if (mark >= 0 && Utf8Parser.TryParse(environment[(mark + _mark.Length)..], out int child, out _))
        {
            return child;
        }

        // What is just being started has the environment of the one who starts it, this worker, or none yet.
        isCertain = !environment.IsEmpty && process.Parent != Environment.ProcessId && process.Parent < process.Id;
        return Nobody;
    }
}
