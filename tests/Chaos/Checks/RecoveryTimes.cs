namespace PgQueue.Chaos;

/// <summary>How long a killed worker's tasks lay still.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="Time">From the kill until the last of its tasks was taken from it.</param>
/// <param name="InOutage">The server was away in that time, or had been so shortly before: workers are given time to come back then.</param>
internal sealed record RecoveryTimes(WorkerProcess Worker, TimeSpan Time, bool InOutage)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(12);

    public static IEnumerable<RecoveryTimes> Of(Findings findings) =>
        from run in findings.Tasks.Values.SelectMany(t => t.Runs)
        where run.WasLost && !findings.WasTakenFromTheLiving(run)
        group run.Finished by findings.World.Fleet.Find(run.Worker)! into lost
        let killed = lost.Key.KilledAt!.Value
        let recovered = lost.Max()
        select new RecoveryTimes(
            lost.Key, recovered - killed, findings.World.Incidents.Outages.Any(o => o.At <= recovered && o.Until >= killed - Grace));
}
