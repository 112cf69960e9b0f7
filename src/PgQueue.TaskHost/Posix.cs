using System.Runtime.InteropServices;

namespace PgQueue.TaskHost;

/// <summary>The few calls of POSIX that .NET has no word for.</summary>
internal static partial class Posix
{
    private const int SigKill = 9;

    /// <summary>Kills this process at once, with its whole process group where it is the group's leader.</summary>
    public static void KillOwnGroup()
    {
        var own = Environment.ProcessId;
        _ = kill(getpgid(0) == own ? 0 : own, SigKill);
    }

    public static void Kill(int processId) => _ = kill(processId, SigKill);

    /// <summary>The session a process belongs to; -1 where there is no such process.</summary>
    public static int SessionOf(int processId) => getsid(processId);

#pragma warning disable SA1300, IDE1006 // The C library's own names.
    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    private static partial int getpgid(int pid);

    [LibraryImport("libc")]
    private static partial int getsid(int pid);
#pragma warning restore SA1300, IDE1006
}
