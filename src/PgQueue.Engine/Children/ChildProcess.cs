using System.ComponentModel;
using PgQueue.Unix;

namespace PgQueue;

/// <summary>Starts child processes by the means of this operating system.</summary>
internal static class ChildProcess
{
    /// <param name="start">What to start.</param>
    /// <param name="mark">The value of <see cref="Protocol.ChildEnvironment.Mark"/> in its environment.</param>
    /// <exception cref="Win32Exception">The system refused.</exception>
    public static IChildProcess Start(ProcessStart start, string mark) => OperatingSystem.IsLinux()
        ? LinuxChild.Start(start, mark)
        : PortableChild.Start(start, mark);
}
