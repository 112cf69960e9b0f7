namespace PgQueue;

/// <summary>
/// A process of its own session (so that Ctrl+C at the worker's terminal does not reach it), with empty standard input.
/// </summary>
internal interface IChildProcess : IAsyncDisposable
{
    int Id { get; }

    /// <summary>The value of <see cref="Protocol.ChildEnvironment.Mark"/> in its environment.</summary>
    string Mark { get; }

    /// <summary>
    /// Its end. What it left running in its session is killed then; what had left the session by itself lives on.
    /// </summary>
    Task<ProcessExit> Exited { get; }

    /// <summary>Bytes of its standard output; 0 at the end.</summary>
    ValueTask<int> ReadOutputAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Bytes of its standard error; 0 at the end.</summary>
    ValueTask<int> ReadErrorAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Asks it to end, as its operating system does that.</summary>
    void Terminate();

    /// <summary>
    /// Between two of its tasks: kills what the last one left running in its session, and tells how much memory it has
    /// held. Where the operating system offers neither, nothing is killed and null returned.
    /// </summary>
    long? EndTask();

    /// <summary>Kills it and everything that it started, wherever that hides. Returns when all of it is gone.</summary>
    Task KillTreeAsync();
}
