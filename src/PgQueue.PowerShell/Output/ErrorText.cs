using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace PgQueue.PowerShell;

/// <summary>A task's error much as PowerShell shows its own: what went wrong, the code, the calls that led there, the cause.</summary>
public static partial class ErrorText
{
    /// <summary>Columns of code that are shown; all of it fits a list in a terminal of 80.</summary>
    private const int CodeWidth = 56;

    /// <summary>Columns before what the error is about.</summary>
    private const int Context = 12;

    /// <summary>The error in several lines; an empty text for none.</summary>
    /// <param name="error">A task's error.</param>
    /// <param name="style">The session's <c>$PSStyle</c>.</param>
    public static string Of(PSObject? error, PSObject? style) =>
        error is null ? "" : string.Join('\n', Lines(error, style).Select(line => line.TrimEnd()));

    private static IEnumerable<string> Lines(PSObject error, PSObject? style)
    {
        var type = Text(error, "Type") is { } name ? name[(name.LastIndexOf('.') + 1)..] + ": " : "";
        var message = (Text(error, "Message") ?? error.ToString()).Replace("\r", "", StringComparison.Ordinal).TrimEnd().Split('\n');
        foreach (var line in message)
        {
            yield return StateColor.PaintError(type + PlainText.Of(line), style);
            type = "";
        }

        if (Text(error, "Position") is { } position && Position().Match(position) is { Success: true } at)
        {
            foreach (var line in Code(at, style))
            {
                yield return line;
            }
        }

        foreach (var call in Text(error, "ScriptStackTrace")?.Split('\n') ?? [])
        {
            yield return PlainText.Of(call.TrimEnd());
        }

        if (Of(error.Properties["Inner"]?.Value) is { } cause)
        {
            yield return "caused by";
            foreach (var line in Lines(cause, style))
            {
                yield return line;
            }
        }
    }

    /// <summary>The line of the script and what is underlined in it, cut to what is seen at once.</summary>
    private static IEnumerable<string> Code(Match at, PSObject? style)
    {
        var code = PlainText.Of(at.Groups["code"].Value);
        var mark = at.Groups["mark"].Value;
        var start = mark.TakeWhile(c => c == ' ').Count();
        var from = code.Length <= CodeWidth ? 0 : Math.Clamp(start - Context, 0, code.Length - CodeWidth);
        yield return StateColor.PaintAccent("Line |", style);
        yield return Bar(at.Groups["line"].Value, style) + Cut(code, from);
        if (mark.Length > from)
        {
            yield return Bar("", style) + StateColor.PaintError(mark[from..Math.Min(mark.Length, from + CodeWidth)], style);
        }
    }

    private static string Cut(string code, int from)
    {
        var part = code[from..Math.Min(code.Length, from + CodeWidth)].ToCharArray();
        if (from > 0)
        {
            part[0] = '…';
        }

        if (from + CodeWidth < code.Length)
        {
            part[^1] = '…';
        }

        return new string(part);
    }

    private static string Bar(string number, PSObject? style) =>
        StateColor.PaintAccent(string.Create(CultureInfo.InvariantCulture, $"{number,4} | "), style);

    private static string? Text(PSObject item, string property) => item.Properties[property]?.Value?.ToString() is { Length: > 0 } text ? text : null;

    private static PSObject? Of(object? value) => value is null ? null : PSObject.AsPSObject(value);

    // PowerShell's PositionMessage: At line:3 char:5 / At /file.ps1:3 char:5, the line, and tildes below it.
    [GeneratedRegex(@"\AAt (?:line|.+):(?<line>[0-9]+) char:[0-9]+\r?\n\+ (?<code>[^\r\n]*)(?:\r?\n\+ (?<mark>[ ~]*))?", RegexOptions.CultureInvariant)]
    private static partial Regex Position();
}
