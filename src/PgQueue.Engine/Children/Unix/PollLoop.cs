using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace PgQueue.Unix;

/// <summary>
/// One thread that waits for all descriptors at once, so that a hundred children's pipes and ends cost no hundred
/// blocked threads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "It lives as long as the process.")]
internal sealed class PollLoop
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Waiter> _waiters = [];
    private readonly Descriptor _bell;
    private long _last;

    private PollLoop()
    {
        _bell = new Descriptor(LibC.eventfd(0, LibC.O_CLOEXEC | LibC.O_NONBLOCK));
        if (_bell.IsInvalid)
        {
            throw new Win32Exception();
        }

        new Thread(Run) { IsBackground = true, Name = "PgQueue poll" }.Start();
    }

    public static PollLoop Shared { get; } = new();

    /// <summary>Completes when the descriptor can be read or has ended. It must stay open until then.</summary>
    public async Task ReadableAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        var counted = false;
        descriptor.DangerousAddRef(ref counted);
        try
        {
            var waiter = new Waiter((int)descriptor.DangerousGetHandle(), new(TaskCreationOptions.RunContinuationsAsynchronously));
            long key;
            lock (_lock)
            {
                key = ++_last;
                _waiters.Add(key, waiter);
            }

            Ring();
            using (cancellationToken.UnsafeRegister(_ => Cancel(key, cancellationToken), null))
            {
                await waiter.Done.Task.ConfigureAwait(false);
            }
        }
        finally
        {
            descriptor.DangerousRelease();
        }
    }

    private void Cancel(long key, CancellationToken cancellationToken)
    {
        Waiter? waiter;
        lock (_lock)
        {
            _waiters.Remove(key, out waiter);
        }

        waiter?.Done.TrySetCanceled(cancellationToken);
        Ring();
    }

    private unsafe void Ring()
    {
        var one = 1L;
        // It can only fail when the counter is full, and then the loop is awake anyway.
        _ = LibC.write(_bell, (byte*)&one, sizeof(long));
    }

    private unsafe void Run()
    {
        var keys = new List<long>();
        var fds = new List<LibC.PollFd>();
        while (true)
        {
            keys.Clear();
            fds.Clear();
            fds.Add(new() { Fd = (int)_bell.DangerousGetHandle(), Events = LibC.POLLIN });
            lock (_lock)
            {
                foreach (var (key, waiter) in _waiters)
                {
                    keys.Add(key);
                    fds.Add(new() { Fd = waiter.Fd, Events = LibC.POLLIN });
                }
            }

            var ready = CollectionsMarshal.AsSpan(fds);
            fixed (LibC.PollFd* first = ready)
            {
                if (LibC.poll(first, (nuint)ready.Length, -1) <= 0)
                {
                    continue;
                }
            }

            if (ready[0].Revents != 0)
            {
                long count;
                _ = LibC.read(_bell, (byte*)&count, sizeof(long));
            }

            for (var i = 1; i < ready.Length; i++)
            {
                if (ready[i].Revents != 0)
                {
                    Complete(keys[i - 1]);
                }
            }
        }
    }

    private void Complete(long key)
    {
        Waiter? waiter;
        lock (_lock)
        {
            _waiters.Remove(key, out waiter);
        }

        waiter?.Done.TrySetResult();
    }

    private sealed record Waiter(int Fd, TaskCompletionSource Done);
}
