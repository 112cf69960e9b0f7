using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>A .ps1 whose text becomes the task's: workers need not have the file.</summary>
internal static class ScriptFile
{
    /// <exception cref="CmdletException">The file can't be read, or isn't PowerShell.</exception>
    public static ScriptBlockAst Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var category = e is FileNotFoundException or DirectoryNotFoundException ? ErrorCategory.ObjectNotFound : ErrorCategory.ReadError;
            throw CmdletException.Of("ScriptFileNotReadable", category, $"The script file '{path}' can't be read: {e.Message}", path, e);
        }
    }

    private static ScriptBlockAst Parse(string text, string path)
    {
        var script = Parser.ParseInput(text, path, out _, out var errors);
        if (errors is not [var first, ..])
        {
            return script;
        }

        var at = first.Extent;
        var line = at.StartScriptPosition.Line;
        var marker = new string(' ', at.StartColumnNumber - 1) + new string('~', at.EndLineNumber == at.StartLineNumber ? Math.Max(1, at.EndColumnNumber - at.StartColumnNumber) : 1);
        var more = errors.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({errors.Length - 1} more follow.)");
        throw CmdletException.Of(
            "ScriptSyntaxError",
            ErrorCategory.ParserError,
            $"{path}:{at.StartLineNumber}:{at.StartColumnNumber}: {first.Message}{more}\n{line}\n{marker}",
            path,
            new ParseException(errors));
    }
}
