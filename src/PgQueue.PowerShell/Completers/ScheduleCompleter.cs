namespace PgQueue.PowerShell;

/// <summary>Completes the names of schedules. Starts no server, waits a second at the most, and never fails.</summary>
public sealed class ScheduleCompleter : NameCompleter
{
    private protected override IEnumerable<(string Name, string Tip)> Names(QueueClient client, CancellationToken cancellationToken) =>
        client.GetSchedulesAsync(null, cancellationToken).ToBlockingEnumerable(cancellationToken)
            .Select(s => (s.Name, $"{s.State}: {s.Cron ?? $"every {DurationText.Exact(s.Every)}"}"));
}
