using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What a queue does in a second; null where that is not known yet.</summary>
internal sealed record QueueRate(string Queue, double? Added, double? Completed, double? Failed)
{
    private const int NumberWidth = 9;
    private const int LongestName = 40;
    private const string Title = "per second";

    /// <summary>A measure with the rates and the time as further properties.</summary>
    public PSObject AddTo(QueueMeasure measure)
    {
        // A copy: properties that are added to an object would come back with it.
        var result = new PSObject(measure with { });
        result.Properties.Add(new PSNoteProperty("At", DateTime.Now));
        result.Properties.Add(new PSNoteProperty("AddedPerSecond", Added));
        result.Properties.Add(new PSNoteProperty("CompletedPerSecond", Completed));
        result.Properties.Add(new PSNoteProperty("FailedPerSecond", Failed));
        return result;
    }

    /// <summary>A table of those that do anything, with its heading.</summary>
    public static IEnumerable<string> Rows(IReadOnlyList<QueueRate> rates, int width)
    {
        var busy = rates.Where(rate => rate.Added > 0 || rate.Completed > 0 || rate.Failed > 0).ToList();
        var name = Math.Min(
            Math.Min(LongestName, Math.Max(Title.Length, width - (3 * NumberWidth))),
            busy.Append(new QueueRate(Title, null, null, null)).Max(rate => Cells.Count(rate.Queue)));
        return busy
            .Select(rate => $"{Cells.Fit(Cells.Plain(rate.Queue), name)}{Text(rate.Added)}{Text(rate.Completed)}{Text(rate.Failed)}")
            .Prepend($"{Cells.Fit(Title, name)}{"added",NumberWidth}{"done",NumberWidth}{"failed",NumberWidth}");
    }

    private static string Text(double? rate) => string.Create(CultureInfo.CurrentCulture, $"{rate:N1}").PadLeft(NumberWidth);
}
