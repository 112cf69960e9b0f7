using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What is at the other end of a session.</summary>
internal static class Terminal
{
    private const string ConsoleHost = "ConsoleHost";
    private const string NonInteractive = "noninteractive";
    private const int ShortestNonInteractive = 4;

    private static readonly string[] s_last = ["commandwithargs", "file", "encodedcommand"];

    /// <summary>
    /// True where a person looks at a terminal that can draw in place and wants to see progress: not in a job, a remote
    /// session, with redirected output, with -NonInteractive, nor with a progress preference of SilentlyContinue or Ignore.
    /// </summary>
    public static bool IsInteractive(PSCmdlet cmdlet) =>
        IsConsole(cmdlet)
        && cmdlet.Host.UI.SupportsVirtualTerminal
        && !Console.IsOutputRedirected
        && WantsProgress(cmdlet);

    /// <summary>True where keys come from a person.</summary>
    public static bool HasKeyboard(PSCmdlet cmdlet) => IsConsole(cmdlet) && !Console.IsInputRedirected;

    /// <summary>The session's <c>$PSStyle</c>; null where NO_COLOR or its OutputRendering says that colors are not wanted.</summary>
    public static PSObject? Style(PSCmdlet cmdlet) =>
        cmdlet.GetVariableValue("PSStyle") is { } value && PSObject.AsPSObject(value) is var style
        && style.Properties["OutputRendering"]?.Value?.ToString() != "PlainText" ? style : null;

    private static bool IsConsole(PSCmdlet cmdlet) =>
        cmdlet.Host.Name == ConsoleHost && !IsNonInteractive(Environment.GetCommandLineArgs());

    /// <summary>pwsh takes any beginning of the name that is long enough; after these others comes what it is to run.</summary>
    private static bool IsNonInteractive(string[] arguments) => arguments
        .Skip(1)
        .Where(argument => argument is ['-' or '/', ..])
        .Select(argument => argument.TrimStart('-', '/'))
        .TakeWhile(name => name.Length == 0 || !Array.Exists(s_last, last => Begins(last, name)))
        .Any(name => name.Length >= ShortestNonInteractive && Begins(NonInteractive, name));

    private static bool Begins(string whole, string name) => whole.StartsWith(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>False where progress is shown to nobody.</summary>
    public static bool WantsProgress(PSCmdlet cmdlet)
    {
        var preference = cmdlet.MyInvocation.BoundParameters.GetValueOrDefault("ProgressAction")
            ?? cmdlet.GetVariableValue("ProgressPreference");
        return !LanguagePrimitives.TryConvertTo<ActionPreference>(preference, out var action)
            || action is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
    }
}
