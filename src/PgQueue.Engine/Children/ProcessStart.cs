namespace PgQueue;

/// <summary>A process to start.</summary>
/// <param name="File">The executable's full path.</param>
/// <param name="Args">Its arguments, its own name not among them.</param>
/// <param name="Environment">Its whole environment.</param>
/// <param name="Directory">Its working directory; this process's where null.</param>
internal sealed record ProcessStart(
    string File, IReadOnlyList<string> Args, IReadOnlyDictionary<string, string> Environment, string? Directory);

/// <summary>How a process ended: by an exit code or by a signal.</summary>
/// <param name="ExitCode">What it returned; null where a signal ended it.</param>
/// <param name="Signal">The signal's number; null where it exited.</param>
/// <param name="PeakMemory">The most memory it held, in bytes; null where the system does not tell.</param>
internal sealed record ProcessExit(int? ExitCode, int? Signal, long? PeakMemory);
