using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace PgQueue.Unix;

/// <summary>
/// posix_spawn, because System.Diagnostics.Process can neither start a session nor tell a signal from an exit code.
/// </summary>
internal static unsafe class PosixSpawn
{
    /// <summary>A process in a session of its own, its input empty, every signal at its default, and no other descriptor of ours.</summary>
    /// <param name="start">What to start.</param>
    /// <param name="input">What becomes its standard input; empty where null.</param>
    /// <param name="output">What becomes its standard output.</param>
    /// <param name="error">What becomes its standard error.</param>
    /// <exception cref="Win32Exception">The system refused.</exception>
    public static int Start(ProcessStart start, Descriptor? input, Descriptor output, Descriptor error)
    {
        var actions = stackalloc byte[LibC.OpaqueSize];
        var attributes = stackalloc byte[LibC.OpaqueSize];
        var signals = stackalloc byte[LibC.OpaqueSize];
        Check(LibC.posix_spawn_file_actions_init(actions));
        Check(LibC.posix_spawnattr_init(attributes));
        try
        {
            if (input is null)
            {
                Check(LibC.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", LibC.O_RDONLY, 0));
            }
            else
            {
                Check(LibC.posix_spawn_file_actions_adddup2(actions, (int)input.DangerousGetHandle(), 0));
            }

            Check(LibC.posix_spawn_file_actions_adddup2(actions, (int)output.DangerousGetHandle(), 1));
            Check(LibC.posix_spawn_file_actions_adddup2(actions, (int)error.DangerousGetHandle(), 2));
            if (start.Directory is not null)
            {
                Check(LibC.posix_spawn_file_actions_addchdir_np(actions, start.Directory));
            }

            // .NET ignores SIGPIPE, and what is ignored stays so over exec: the child must get a clean slate.
            Check(LibC.sigfillset(signals));
            Check(LibC.posix_spawnattr_setsigdefault(attributes, signals));
            Check(LibC.sigemptyset(signals));
            Check(LibC.posix_spawnattr_setsigmask(attributes, signals));
            Check(LibC.posix_spawnattr_setflags(
                attributes, LibC.POSIX_SPAWN_SETSID | LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK));

            using var argv = new StringVector([start.File, .. start.Args]);
            using var envp = new StringVector(start.Environment.Select(v => v.Key + "=" + v.Value));
            int pid;
            Check(LibC.posix_spawn(&pid, start.File, actions, attributes, argv.Pointers, envp.Pointers));
            return pid;
        }
        finally
        {
            _ = LibC.posix_spawn_file_actions_destroy(actions);
            _ = LibC.posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Both ends of a pipe that no other child inherits; the reading end does not block.</summary>
    public static (Descriptor Read, Descriptor Write) Pipe(bool readerIsOurs = true)
    {
        var fds = stackalloc int[2];
        if (LibC.pipe2(fds, LibC.O_CLOEXEC) != 0)
        {
            throw new Win32Exception();
        }

        var (read, write) = (new Descriptor(fds[0]), new Descriptor(fds[1]));
        if (readerIsOurs && LibC.fcntl(read, LibC.F_SETFL, LibC.O_NONBLOCK) != 0)
        {
            throw new Win32Exception();
        }

        return (read, write);
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }

    /// <summary>A null-ended array of C strings.</summary>
    private sealed class StringVector : IDisposable
    {
        private readonly byte* _texts;

        public StringVector(IEnumerable<string> strings)
        {
            var all = strings.ToList();
            var size = all.Sum(s => Encoding.UTF8.GetByteCount(s) + 1);
            _texts = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, size));
            Pointers = (byte**)NativeMemory.Alloc((nuint)(all.Count + 1), (nuint)sizeof(byte*));
            var at = _texts;
            var left = size;
            for (var i = 0; i < all.Count; i++)
            {
                Pointers[i] = at;
                var length = Encoding.UTF8.GetBytes(all[i], new Span<byte>(at, left));
                at[length] = 0;
                at += length + 1;
                left -= length + 1;
            }

            Pointers[all.Count] = null;
        }

        public byte** Pointers { get; }

        public void Dispose()
        {
            NativeMemory.Free(_texts);
            NativeMemory.Free(Pointers);
        }
    }
}
