using System.Diagnostics;

namespace PgQueue.Bench;

/// <summary>A real pwsh with the built module.</summary>
internal static class Session
{
    public static Crew Start(Database database) => new("pwsh", 1, () => StartInfo(database));

    private static ProcessStartInfo StartInfo(Database database)
    {
        var start = new ProcessStartInfo(Programs.PowerShell, ["-NoProfile", "-NonInteractive", "-File", Path.Combine(AppContext.BaseDirectory, "session.ps1"), Places.Module]);
        start.Environment["PGQUEUE_CONNECTION"] = database.ConnectionString;
        return start;
    }
}
