namespace PgQueue.Unix;

/// <summary>A child on Linux: its own session, its end by pidfd, its pipes read by the one <see cref="PollLoop"/>.</summary>
internal sealed class LinuxChild : IChildProcess
{
    private readonly PipeReader _output;
    private readonly PipeReader _error;

    private LinuxChild(int pid, Descriptor output, Descriptor error, string mark)
    {
        (Id, Mark) = (pid, mark);
        InheritedMark.Put(pid, mark);
        _output = new PipeReader(output);
        _error = new PipeReader(error);
        Exited = WaitAsync();
    }

    public int Id { get; }

    public string Mark { get; }

    public Task<ProcessExit> Exited { get; }

    public static LinuxChild Start(ProcessStart start, string mark)
    {
        var (output, outputWriter) = PosixSpawn.Pipe();
        using (outputWriter)
        {
            var (error, errorWriter) = PosixSpawn.Pipe();
            using (errorWriter)
            {
                try
                {
                    return new LinuxChild(PosixSpawn.Start(start, null, outputWriter, errorWriter), output, error, mark);
                }
                catch
                {
                    output.Dispose();
                    error.Dispose();
                    throw;
                }
            }
        }
    }

    public ValueTask<int> ReadOutputAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _output.ReadAsync(buffer, cancellationToken);

    public ValueTask<int> ReadErrorAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _error.ReadAsync(buffer, cancellationToken);

    public void Terminate()
    {
        if (!Exited.IsCompleted)
        {
            _ = LibC.kill(-Id, LibC.SIGTERM);
        }
    }

    public long? EndTask()
    {
        ProcessTree.KillFollowers(Id);
        return PeakMemory.Take(Id);
    }

    public async Task KillTreeAsync()
    {
        await ProcessTree.KillAsync(Exited.IsCompleted ? null : Id, Mark).ConfigureAwait(false);
        await Exited.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
        {
            await KillTreeAsync().ConfigureAwait(false);
        }

        _output.Dispose();
        _error.Dispose();
    }

    private async Task<ProcessExit> WaitAsync()
    {
        using var pidfd = LibC.OpenPidfd(Id);
        if (pidfd.IsInvalid)
        {
            // Kernels before 5.3, and sandboxes that forbid the call.
            return await Task.Factory.StartNew(
                () => Reaper.Wait(Id), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }

        await PollLoop.Shared.ReadableAsync(pidfd, CancellationToken.None).ConfigureAwait(false);
        // While the leader is not reaped its number can't be another's: now is the time to end what it left in its session.
        _ = LibC.kill(-Id, LibC.SIGKILL);
        return Reaper.EndOf(Id);
    }
}
