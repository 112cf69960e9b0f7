namespace PgQueue.Chaos;

/// <summary>How long a killed worker's tasks lay still.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="Time">From the kill until the last of its tasks was taken from it.</param>
/// <param name="InOutage">
/// The server was away in that time, or the worker had not come back to it before it was killed (workers are given ten
/// seconds for that), or there was nobody to notice.
/// </param>
internal sealed record RecoveryTimes(WorkerProcess Worker, TimeSpan Time, bool InOutage)
{
    public static IEnumerable<RecoveryTimes> Of(Findings findings) =>
        from run in findings.Tasks.Values.SelectMany(t => t.Runs)
        where run.WasLost && !findings.WasTakenFromTheLiving(run)
        group run.Finished by findings.World.Fleet.Find(run.Worker)! into lost
        let killed = lost.Key.KilledAt!.Value
        let recovered = lost.Max()
        select new RecoveryTimes(
            lost.Key, recovered - killed,
            findings.World.Incidents.Outages.Any(o => o.At <= recovered && o.Until >= findings.LastSeen(lost.Key)) || !HasWitness(findings, killed, recovered));

    /// <summary>Some worker lived through all of it.</summary>
    private static bool HasWitness(Findings findings, DateTimeOffset killed, DateTimeOffset recovered) =>
        findings.World.Fleet.All.Any(w => w.JoinedAt < killed && !(w.KilledAt < recovered)
            && !findings.World.Incidents.Of(FaultKind.Freeze, FaultKind.FreezeAndCut).Any(i => i.Target == w.Name && i.At < recovered && i.Until > killed));
}
