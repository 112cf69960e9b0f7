namespace PgQueue.Bench;

/// <summary>Programs that may be missing on a machine.</summary>
internal static class Programs
{
    public const string PowerShell = "pwsh";

    /// <returns>Its full path; null where it is not on PATH.</returns>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <returns>False where there is none; that has been said then.</returns>
    public static bool HasPowerShell(Stage stage)
    {
        if (Find(PowerShell) is not null)
        {
            return true;
        }

        stage.LeaveOut("all that runs in PowerShell: there is no pwsh on PATH. Install PowerShell 7.6 or newer.");
        return false;
    }
}
