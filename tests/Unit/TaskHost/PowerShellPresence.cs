using Xunit;

namespace PgQueue.Unit.TaskHost;

/// <summary>Tests of scripts need a PowerShell, which a machine may lack.</summary>
internal static class PowerShellPresence
{
    private static readonly bool Found =
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("PGQUEUE_PSHOME"))
        || (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh")));

    /// <summary>Skips the running test where there is no PowerShell.</summary>
    public static void Require() => Assert.SkipUnless(Found, "pwsh is not on PATH; scripts can't be run without PowerShell 7.");
}
