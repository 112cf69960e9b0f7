using System.Management.Automation;
using System.Text;

namespace PgQueue.PowerShell;

/// <summary>
/// Lines below the cursor that are drawn over and over in place. The cursor stays at their beginning, so whatever is written
/// meanwhile, and a change of the window's size, leaves nothing wrong that the next drawing does not clear. To be used on
/// the pipeline's thread only.
/// </summary>
internal sealed class LiveScreen : IDisposable
{
    private const string BeginFrame = "\e[?2026h";
    private const string EndFrame = "\e[?2026l";
    private const string ClearBelow = "\e[J";
    private const string ClearRight = "\e[K";

    private static int s_taken;

    private string _drawn = "";
    private int _rows;
    private bool _inFrame;
    private bool _closed;

    private LiveScreen(PSObject? style) => Style = style;

    /// <summary>The session's <c>$PSStyle</c>; null where colors are not wanted.</summary>
    public PSObject? Style { get; }

    /// <summary>Columns that a line may have, 1 at least.</summary>
    public static int Width => Math.Max(1, Console.WindowWidth - 1);

    /// <summary>Rows of the window.</summary>
    public static int Height => Console.WindowHeight;

    /// <summary>The screen of a cmdlet's host; null where that is no terminal, or draws something else already.</summary>
    public static LiveScreen? Open(PSCmdlet cmdlet) =>
        Terminal.IsInteractive(cmdlet) && Interlocked.Exchange(ref s_taken, 1) == 0 ? new LiveScreen(Terminal.Style(cmdlet)) : null;

    /// <summary>Draws lines in the place of those before; none may be wider than the screen.</summary>
    public void Draw(IReadOnlyList<string> lines)
    {
        if (_closed)
        {
            return;
        }

        var text = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            text.Append(i == 0 ? "\r" : "\r\n").Append(lines[i]).Append(ClearRight);
        }

        text.Append(ClearBelow).Append(lines.Count > 1 ? $"\e[{lines.Count - 1}F" : "\r");
        var frame = text.ToString();
        if (frame != _drawn)
        {
            _drawn = frame;
            _rows = lines.Count;
            Write(_inFrame ? frame + EndFrame : BeginFrame + frame + EndFrame);
        }

        _inFrame = false;
    }

    /// <summary>Makes room for lines that are written at once; the drawing that must follow ends the frame that begins here.</summary>
    public void Lift()
    {
        if (_drawn.Length > 0)
        {
            _inFrame = true;
            Write(BeginFrame);
            Clear();
        }
    }

    /// <summary>Makes room for what may take its time.</summary>
    public void Clear()
    {
        if (_drawn.Length > 0)
        {
            _drawn = "";
            Write("\r" + ClearBelow);
        }
    }

    /// <summary>Leaves the lines as they are, and goes on below them.</summary>
    public void Keep()
    {
        if (_drawn.Length > 0 && !_closed)
        {
            // Drawn once more: the terminal may have shown a ^C in them.
            Write(_drawn + (_rows > 1 ? $"\e[{_rows - 1}E\r\n" : "\r\n"));
            _drawn = "";
        }
    }

    /// <summary>Clears the lines for good.</summary>
    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        Clear();
        if (_inFrame)
        {
            Write(EndFrame);
        }

        _closed = true;
        Volatile.Write(ref s_taken, 0);
    }

    private static void Write(string text)
    {
        Console.Out.Write(text);
        Console.Out.Flush();
    }
}
