using System.Buffers.Text;
using System.Text;
using PgQueue.Protocol;

namespace PgQueue.Unix;

/// <summary>What the processes of one child hold together.</summary>
/// <param name="Processes">How many they are, those included that have ended and that their parents, of the same child, neglect.</param>
/// <param name="Memory">Their resident memory in bytes.</param>
internal readonly record struct Holding(int Processes, long Memory);

/// <summary>
/// Counts the processes of all children of a worker in one look at /proc. Whose child a process is never changes, so
/// its marks are read once.
/// </summary>
/// <param name="workerMark">The part of the children's mark that is the worker's.</param>
internal sealed class TreeCensus(string workerMark)
{
    /// <summary>The child's number of a process that belongs to none.</summary>
    private const int Nobody = 0;

    private readonly ulong _worker = InheritedMark.OfWorker(workerMark);
    private readonly byte[] _mark = Encoding.UTF8.GetBytes($"{ChildEnvironment.Mark}={workerMark}/");
    private readonly ProcessTable _table = new();
    private readonly Dictionary<int, Holding> _holdings = [];
    private Dictionary<int, (long Started, int Child)> _before = [];
    private Dictionary<int, (long Started, int Child)> _known = [];
    private byte[] _environment = new byte[16 * 1024];

    /// <summary>What the processes of each child hold, by the child's number, until the next call; one that is missing has none.</summary>
    /// <exception cref="IOException">/proc can't be listed.</exception>
    public Dictionary<int, Holding> Take()
    {
        (_before, _known) = (_known, _before);
        _known.Clear();
        _holdings.Clear();
        foreach (var process in _table.Read().Where(p => !p.IsKernel))
        {
            var child = ChildOf(process, out var isCertain);
            if (isCertain)
            {
                _known[process.Id] = (process.Started, child);
            }

            if (child != Nobody && !(process.IsDead && ParentsChild(process) != child))
            {
                var held = _holdings.GetValueOrDefault(child);
                _holdings[child] = new Holding(held.Processes + 1, held.Memory + process.Memory);
            }
        }

        return _holdings;
    }

    private int ChildOf(ProcessEntry process, out bool isCertain)
    {
        isCertain = true;
        if (_before.TryGetValue(process.Id, out var before) && before.Started == process.Started)
        {
            return before.Child;
        }

        // Parents and sessions come first in the table, but for when numbers begin anew: then the next look finds it.
        if (ParentsChild(process) is not Nobody and var parents)
        {
            return parents;
        }

        if (_known.TryGetValue(process.Session, out var leader) && leader.Child != Nobody)
        {
            return leader.Child;
        }

        if (InheritedMark.ChildIn(InheritedMark.Read(process.Id), _worker) is not Nobody and var marked)
        {
            return marked;
        }

        var environment = ProcFile.ReadAll(process.Id, "environ"u8, ref _environment);
        var mark = environment.IndexOf(_mark);
        if (mark >= 0 && Utf8Parser.TryParse(environment[(mark + _mark.Length)..], out int child, out _))
        {
            return child;
        }

        // What is just being started has the environment of the one who starts it, this worker, or none yet.
        isCertain = process.IsDead || (!environment.IsEmpty && process.Parent != Environment.ProcessId && process.Parent < process.Id);
        return Nobody;
    }

    private int ParentsChild(ProcessEntry process) => _known.GetValueOrDefault(process.Parent).Child;
}
