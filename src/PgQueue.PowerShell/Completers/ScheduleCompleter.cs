namespace PgQueue.PowerShell;

/// <summary>Completes the names of schedules.</summary>
public sealed class ScheduleCompleter : NameCompleter
{
    private protected override async Task<IReadOnlyList<(string Name, string Tip)>> ReadAsync(
        QueueClient client, string pattern, CancellationToken cancellationToken)
    {
        var found = new List<(string, string)>();
        await foreach (var schedule in client.GetSchedulesAsync(null, cancellationToken).ConfigureAwait(false))
        {
            found.Add((schedule.Name, $"{schedule.State}: {schedule.Cron ?? $"every {DurationText.Exact(schedule.Every)}"}"));
        }

        return found;
    }
}
