using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// The colours of states. They are those of <c>$PSStyle</c>, so they are the user's, and PowerShell takes them out again
/// wherever text is not for a terminal.
/// </summary>
internal static class StateColor
{
    private const string Good = "Foreground.Green";
    private const string AtWork = "Foreground.Cyan";
    private const string Quiet = "Foreground.BrightBlack";
    private const string Warning = "Formatting.Warning";
    private const string Bad = "Formatting.Error";

    /// <summary>By word; a word that is missing has no colour. Ready, Idle and Active are as it should be and catch no eye.</summary>
    private static readonly Dictionary<string, string> Colors = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Completed"] = Good,
        ["Success"] = Good,
        ["Running"] = AtWork,
        ["Busy"] = AtWork,
        ["Scheduled"] = Quiet,
        ["Blocked"] = Quiet,
        ["Canceled"] = Warning,
        ["Expired"] = Warning,
        ["Suspended"] = Warning,
        ["Draining"] = Warning,
        ["Stopping"] = Warning,
        ["Stopped"] = Warning,
        ["Outdated"] = Warning,
        ["Failed"] = Bad,
        ["Error"] = Bad,
        ["ExitCode"] = Bad,
        ["Signal"] = Bad,
        ["Timeout"] = Bad,
        ["Memory"] = Bad,
        ["Processes"] = Bad,
        ["Lost"] = Bad,
        ["Missing"] = Bad,
    };

    public static string Paint(string word, PSObject? style) =>
        Colors.TryGetValue(word, out var color) ? Paint(word, color, style) : word;

    /// <summary>An error's text in the colour of errors.</summary>
    public static string PaintError(string text, PSObject? style) => Paint(text, Bad, style);

    /// <summary>What leads the eye along an error's position.</summary>
    public static string PaintAccent(string text, PSObject? style) => Paint(text, "Formatting.ErrorAccent", style);

    private static string Paint(string text, string color, PSObject? style)
    {
        var (group, name) = (color[..color.IndexOf('.', StringComparison.Ordinal)], color[(color.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        return style?.Properties[group]?.Value is { } colors && PSObject.AsPSObject(colors).Properties[name]?.Value is string start
            ? start + text + style.Properties["Reset"]?.Value
            : text;
    }
}
