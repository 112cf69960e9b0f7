using System.Runtime.InteropServices;

namespace PgQueue.Unix;

/// <summary>Tells how children ended, and lets the kernel forget them.</summary>
internal static class Reaper
{
    private const int ByPid = 1;
    private const int Exited = 4;
    private const int LeaveWaitable = 0x01000000;
    private const int EndedByItself = 1;

    /// <summary>Offset of ru_maxrss, in kilobytes, in struct rusage: behind two timevals.</summary>
    private const int MaxRssOffset = 32;

    private const int RusageSize = 256;

    // In siginfo_t as waitid fills it, on 64 bits.
    private const int CodeOffset = 8;
    private const int StatusOffset = 24;
    private const int SiginfoSize = 128;

    /// <summary>
    /// A process of several threads that is reaped at once makes the kernel spin until the last of them is out of /proc:
    /// with all cores busy that took 5 ms of processor time for each task.
    /// </summary>
    private static readonly TimeSpan ThreadsGone = TimeSpan.FromMilliseconds(20);

    /// <summary>waitid itself, because the C library's does not hand out what the process used; null where its number is not known here.</summary>
    private static readonly long? WaitId = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 247,
        Architecture.Arm64 => 95,
        _ => null,
    };

    /// <summary>How a child that has ended did; it is reaped, a little later at the latest.</summary>
    public static ProcessExit EndOf(int pid)
    {
        if (WaitId is null || Look(pid) is not { } exit)
        {
            return Reap(pid, LibC.WNOHANG);
        }

        _ = ReapLaterAsync(pid);
        return exit;
    }

    /// <summary>Waits for a child's end.</summary>
    public static ProcessExit Wait(int pid) => Reap(pid, 0);

    private static async Task ReapLaterAsync(int pid)
    {
        await Task.Delay(ThreadsGone).ConfigureAwait(false);
        Reap(pid, LibC.WNOHANG);
    }

    private static unsafe ProcessExit? Look(int pid)
    {
        var info = stackalloc byte[SiginfoSize];
        var usage = stackalloc byte[RusageSize];
        if (LibC.syscall(WaitId!.Value, ByPid, pid, info, Exited | LibC.WNOHANG | LeaveWaitable, usage) != 0)
        {
            return null;
        }

        var code = *(int*)(info + CodeOffset);
        var status = *(int*)(info + StatusOffset);
        return code == 0 ? null : Exit(code == EndedByItself, status, usage);
    }

    private static unsafe ProcessExit Reap(int pid, int options)
    {
        int status;
        var usage = stackalloc byte[RusageSize];
        while (LibC.wait4(pid, &status, options, usage) != pid)
        {
            if (Marshal.GetLastPInvokeError() != LibC.EINTR)
            {
                // Somebody else in this process waits for any child (SIGCHLD ignored): the end is known, how is not.
                return new ProcessExit(null, null, null);
            }
        }

        var signal = status & 0x7F;
        return Exit(signal == 0, signal == 0 ? (status >> 8) & 0xFF : signal, usage);
    }

    private static unsafe ProcessExit Exit(bool byItself, int status, byte* usage)
    {
        var peak = *(long*)(usage + MaxRssOffset) * 1024;
        return byItself ? new ProcessExit(status, null, peak) : new ProcessExit(null, status, peak);
    }
}
