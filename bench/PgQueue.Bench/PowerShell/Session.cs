using System.Diagnostics;

namespace PgQueue.Bench;

/// <summary>A real pwsh with the built module.</summary>
internal static class Session
{
    /// <returns>Null where there is no pwsh; that has been said then.</returns>
    public static Crew? TryStart(Stage stage, Database database) => Programs.HasPowerShell(stage)
        ? stage.Own(new Crew("pwsh", 1, () => Start(database)))
        : null;

    private static ProcessStartInfo Start(Database database)
    {
        var start = new ProcessStartInfo(Programs.PowerShell, ["-NoProfile", "-NonInteractive", "-File", Path.Combine(AppContext.BaseDirectory, "session.ps1"), Places.Module]);
        start.Environment["PGQUEUE_CONNECTION"] = database.ConnectionString;
        return start;
    }
}
