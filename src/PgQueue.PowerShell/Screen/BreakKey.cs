using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Ctrl+C as a key, for a cmdlet that still has objects to emit when it is pressed: PowerShell's own way of taking it stops
/// the pipeline, which takes none any more. Armed only while the cmdlet waits, so that what comes after it in the pipeline
/// can read keys, and is stopped as usual. On the pipeline's thread only.
/// </summary>
internal sealed class BreakKey : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private bool _armed;
    private bool _over;
    private long _lookedAt;

    private BreakKey()
    {
    }

    /// <summary>How long a look may wait; infinite where it is pressed.</summary>
    public TimeSpan Wait => _over ? Timeout.InfiniteTimeSpan : Between;

    /// <summary>The key of a cmdlet's host; null where there is no keyboard.</summary>
    public static BreakKey? Open(PSCmdlet cmdlet) => Terminal.HasKeyboard(cmdlet) ? new BreakKey() : null;

    /// <summary>Takes the key from now on.</summary>
    public void Arm()
    {
        if (!_armed && !_over)
        {
            Console.TreatControlCAsInput = _armed = true;
        }
    }

    /// <summary>Leaves the key to PowerShell.</summary>
    public void Disarm()
    {
        if (_armed)
        {
            Console.TreatControlCAsInput = _armed = false;
        }
    }

    /// <summary>True once after it was pressed; from then on PowerShell has it. Other keys are dropped.</summary>
    public bool WasPressed()
    {
        if (!_armed || Environment.TickCount64 - _lookedAt < Between.TotalMilliseconds)
        {
            return false;
        }

        _lookedAt = Environment.TickCount64;
        while (!_over && Console.KeyAvailable)
        {
            _over = Console.ReadKey(intercept: true) is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control };
        }

        if (_over)
        {
            Disarm();
        }

        return _over;
    }

    public void Dispose() => Disarm();
}
