using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PgQueue.Unix;

/// <summary>A file descriptor that closes itself.</summary>
internal sealed class Descriptor : SafeHandleMinusOneIsInvalid
{
    public Descriptor()
        : base(ownsHandle: true)
    {
    }

    public Descriptor(int fd)
        : this() => SetHandle(fd);

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;
}

/// <summary>The C library's calls that .NET has no counterpart for, as Linux declares them.</summary>
internal static unsafe partial class LibC
{
    public const int SIGTERM = 15;
    public const int SIGKILL = 9;
    public const int SIGSTOP = 19;
    public const int EAGAIN = 11;
    public const int EINTR = 4;
    public const int WNOHANG = 1;
    public const int SCHED_RR = 2;
    public const int SCHED_RESET_ON_FORK = 0x40000000;
    public const int RLIMIT_RTTIME = 15;
    public const int O_RDONLY = 0;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int F_SETFL = 4;
    public const short POLLIN = 1;
    public const short POSIX_SPAWN_SETSIGDEF = 0x04;
    public const short POSIX_SPAWN_SETSIGMASK = 0x08;
    public const short POSIX_SPAWN_SETSID = 0x80;

    /// <summary>More than any C library's posix_spawnattr_t, posix_spawn_file_actions_t or sigset_t takes.</summary>
    public const int OpaqueSize = 1024;

    private const long PidfdOpen = 434;
    private const string Library = "libc";

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int pipe2(int* fds, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fcntl(Descriptor fd, int command, int value);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint read(Descriptor fd, byte* buffer, nint count);

    [LibraryImport(Library)]
    public static partial int open(byte* path, int flags);

    [LibraryImport(Library)]
    public static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int eventfd(uint value, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint write(Descriptor fd, byte* buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int poll(PollFd* fds, nuint count, int timeout);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport(Library)]
    public static partial int prlimit(int pid, int resource, Limit* wanted, Limit* current);

    [LibraryImport(Library)]
    public static partial nint pthread_self();

    [LibraryImport(Library)]
    public static partial int pthread_setschedparam(nint thread, int policy, int* priority);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int wait4(int pid, int* status, int options, byte* usage);

    [LibraryImport(Library)]
    public static partial int posix_spawn(
        int* pid, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport(Library)]
    public static partial int sigfillset(byte* signals);

    [LibraryImport(Library)]
    public static partial int sigemptyset(byte* signals);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_addopen(
        byte* actions, int fd, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mode);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int newFd);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_addchdir_np(byte* actions, [MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [LibraryImport(Library, SetLastError = true)]
    private static partial long syscall(long number, long first, long second);

    [LibraryImport(Library, SetLastError = true)]
    public static partial long syscall(long number, long first, long second, byte* third, long fourth, byte* fifth);

    /// <summary>A descriptor that becomes readable when the process ends; invalid where the kernel has none.</summary>
    public static Descriptor OpenPidfd(int pid) => new((int)syscall(PidfdOpen, pid, 0));
}
