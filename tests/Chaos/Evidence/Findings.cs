namespace PgQueue.Chaos;

/// <summary>A run as its own lines in the ledger show it.</summary>
/// <param name="Task">The task.</param>
/// <param name="Run">The run as the database remembers it; null where it does not.</param>
/// <param name="Lines">Its lines, without those of what it left behind.</param>
internal sealed record WrittenRun(TaskRecord Task, RunRecord? Run, IReadOnlyList<LedgerLine> Lines)
{
    public DateTimeOffset From => Lines[0].At;

    /// <summary>It lived at least until then.</summary>
    public DateTimeOffset Until => Lines[^1].At;

    public override string ToString() =>
        $"run {Lines[0].Run} of task {Task.Id} wrote from {From:HH:mm:ss.ffffff} to {Until:HH:mm:ss.ffffff} ({string.Concat(Lines.Select(l => l.What))})";
}

/// <summary>What a run left behind to be judged: the database's word, the ledger's, and what had been done.</summary>
internal sealed class Findings
{
    /// <summary>How long before a loss its cause may lie: the server's grace after a restart, and then some.</summary>
    private static readonly TimeSpan Cause = TimeSpan.FromSeconds(20);

    /// <summary>A dead worker is given up so long after its death at the earliest: what is given up sooner was so for another reason.</summary>
    private static readonly TimeSpan Suspicion = TimeSpan.FromMilliseconds(400);

    private readonly Dictionary<string, WorkerProcess> _workerOfMark;
    private readonly ILookup<string, DateTimeOffset> _joins;

    public Findings(World world, IReadOnlyList<TaskRecord> tasks, ILookup<string, DateTimeOffset> joins, IReadOnlyList<LedgerLine> ledger)
    {
        World = world;
        _joins = joins;
        Tasks = tasks.ToDictionary(t => t.Id);
        Ledger = ledger;
        // In a long run the system gives the numbers of dead processes to new ones.
        _workerOfMark = (
            from line in ledger
            join worker in world.Fleet.All on line.Parent equals worker.Id
            where worker.StartedAt <= line.At
            orderby line.At, worker.StartedAt descending
            group worker by line.WorkerMark into same
            select same).ToDictionary(same => same.Key, same => same.First());
        Written = [.. ledger.Where(l => l.What != 'G').GroupBy(l => (l.Task, l.Run, l.Mark)).Select(Match)];
    }

    public World World { get; }

    public IReadOnlyDictionary<long, TaskRecord> Tasks { get; }

    public IReadOnlyList<LedgerLine> Ledger { get; }

    public IReadOnlyList<WrittenRun> Written { get; }

    /// <summary>Whose child wrote it; null where that worker never ran a command.</summary>
    public WorkerProcess? WorkerOf(LedgerLine line) => _workerOfMark.GetValueOrDefault(line.WorkerMark);

    /// <summary>The run was taken from a worker that was not dead then: frozen, or cut off from the server.</summary>
    public bool WasTakenFromTheLiving(RunRecord run) =>
        run.WasLost && !(World.Fleet.Find(run.Worker)?.KilledAt <= run.Finished - Suspicion);

    /// <summary>When a worker that was killed last took its place in the queue.</summary>
    public DateTimeOffset LastSeen(WorkerProcess worker) => _joins[worker.Name].Where(j => j <= worker.KilledAt).DefaultIfEmpty().Max();

    /// <summary>What explains that a living worker was given up.</summary>
    public IEnumerable<Incident> CausesOf(RunRecord run) => World.Incidents.All.Where(i =>
        i.At <= run.Finished && (i.Until ?? i.At) >= run.Finished - Cause
        && (i.Kind is FaultKind.RestartFast or FaultKind.RestartImmediate or FaultKind.RestartSmart
            || (i.Target == run.Worker && i.Kind is FaultKind.Freeze or FaultKind.FreezeAndCut or FaultKind.EndSession or FaultKind.EndBackend)));

    private WrittenRun Match(IGrouping<(string Task, int Run, string Mark), LedgerLine> lines)
    {
        var all = lines.OrderBy(l => l.At).ToList();
        var task = lines.Key.Task.StartsWith('@')
            ? Tasks.Values.Single(t => t.Name == lines.Key.Task)
            : Tasks[long.Parse(lines.Key.Task, System.Globalization.CultureInfo.InvariantCulture)];
        // A method does not know its run: it is the one that its worker had at that time.
        var worker = WorkerOf(all[0])?.Name;
        var run = lines.Key.Run > 0
            ? task.Runs.FirstOrDefault(r => r.Number == lines.Key.Run)
            : task.Runs.LastOrDefault(r => r.Started <= all[0].At && (worker is null || r.Worker == worker));
        return new WrittenRun(task, run, all);
    }
}
