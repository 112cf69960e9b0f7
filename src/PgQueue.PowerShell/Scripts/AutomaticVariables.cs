namespace PgQueue.PowerShell;

/// <summary>The variables that a script has without setting them.</summary>
internal static class AutomaticVariables
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "$", "?", "^", "_", "args", "ConsoleFileName", "EnabledExperimentalFeatures", "Error", "Event", "EventArgs", "EventSubscriber",
        "ExecutionContext", "false", "foreach", "FormatEnumerationLimit", "HOME", "Host", "input", "IsCoreCLR", "IsLinux", "IsMacOS",
        "IsWindows", "LASTEXITCODE", "Matches", "MaximumHistoryCount", "MyInvocation", "NestedPromptLevel", "null", "OFS",
        "OutputEncoding", "PID", "PqTask", "PROFILE", "PSBoundParameters", "PSCmdlet", "PSCommandPath", "PSCulture",
        "PSDebugContext", "PSDefaultParameterValues", "PSEdition", "PSEmailServer", "PSHOME", "PSItem", "PSModuleAutoLoadingPreference",
        "PSNativeCommandArgumentPassing", "PSNativeCommandUseErrorActionPreference", "PSScriptRoot", "PSSenderInfo",
        "PSSessionApplicationName", "PSSessionConfigurationName", "PSSessionOption", "PSStyle", "PSUICulture", "PSVersionTable", "PWD",
        "Sender", "ShellId", "SourceArgs", "SourceEventArgs", "StackTrace", "switch", "this", "true",
    };

    public static bool Contains(string name) =>
        Names.Contains(name) || name.EndsWith("Preference", StringComparison.OrdinalIgnoreCase);
}
