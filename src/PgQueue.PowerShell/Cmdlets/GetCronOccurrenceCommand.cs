using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The times at which a cron expression happens, in its time zone: to see what a schedule would do.</summary>
[Cmdlet(VerbsCommon.Get, "PqCronOccurrence")]
[OutputType(typeof(DateTimeOffset))]
public sealed class GetCronOccurrenceCommand : EngineCmdlet
{
    /// <summary>The expression: minute, hour, day of month, month, day of week, or six fields with a leading second, or a macro such as @daily.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Cron")]
    public string Expression { get; set; } = null!;

    /// <summary>The time zone whose clocks it means: an IANA or Windows id, or what Get-TimeZone returns. Default: UTC.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [TimeZoneTransformation]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    public string TimeZone { get; set; } = "UTC";

    /// <summary>Times after this one. Default: now.</summary>
    [Parameter]
    public DateTimeOffset? From { get; set; }

    /// <summary>Times up to this one.</summary>
    [Parameter]
    public DateTimeOffset? Until { get; set; }

    /// <summary>So many at the most. Default: 1, all where -Until is given.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Next { get; set; }

    private protected override object? ErrorTarget => Expression;

    private protected override void Process()
    {
        var zone = TimeZones.Find(TimeZone);
        var left = Next ?? (Until is null ? 1 : int.MaxValue);
        foreach (var time in Read().GetOccurrences(From ?? DateTimeOffset.Now, zone))
        {
            if (left-- == 0 || time > Until || Stopping)
            {
                return;
            }

            // PowerShell itself lists all 19 properties of a point in time.
            var occurrence = new PSObject(time);
            occurrence.TypeNames.Insert(0, "PgQueue.CronOccurrence");
            WriteObject(occurrence);
        }
    }

    private CronExpression Read()
    {
        try
        {
            return CronExpression.Parse(Expression);
        }
        catch (CronFormatException e)
        {
            throw new QueueException(QueueError.InvalidCron, e.Message, e);
        }
    }
}
