using System.Globalization;

namespace PgQueue.Chaos;

/// <summary>What a task wrote about itself.</summary>
/// <param name="What">S when it starts, B while it runs, E when it is done, F when it fails as it should, G from what it left behind.</param>
/// <param name="Task">Its number, or its key where it does not know that.</param>
/// <param name="Run">The number of its run; 0 where it does not know that.</param>
/// <param name="Process">The process that wrote it.</param>
/// <param name="Parent">Its parent when it started.</param>
/// <param name="Mark">The mark of the worker's child.</param>
/// <param name="At">When.</param>
internal sealed record LedgerLine(char What, string Task, int Run, int Process, int Parent, string Mark, DateTimeOffset At)
{
    public string WorkerMark => Mark.Split('/')[0];

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{What} by process {Process} of run {Run} of task {Task} at {At:HH:mm:ss.ffffff}");

    public static LedgerLine Parse(string line)
    {
        try
        {
            var parts = line.Split(' ');
            return new LedgerLine(
                parts[0].Single(), parts[1], Number(parts[2]), Number(parts[3]), Number(parts[4]), parts[5],
                DateTimeOffset.UnixEpoch.AddTicks((long)(decimal.Parse(parts[6], CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond)));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"The ledger has the line '{line}'.", e);
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
