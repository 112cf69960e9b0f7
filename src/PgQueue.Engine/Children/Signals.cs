namespace PgQueue;

/// <summary>Signals by name, as Linux numbers them.</summary>
internal static class Signals
{
    private static readonly Dictionary<int, string> Names = new()
    {
        [1] = "SIGHUP",
        [2] = "SIGINT",
        [3] = "SIGQUIT",
        [4] = "SIGILL",
        [6] = "SIGABRT",
        [7] = "SIGBUS",
        [8] = "SIGFPE",
        [9] = "SIGKILL",
        [11] = "SIGSEGV",
        [13] = "SIGPIPE",
        [14] = "SIGALRM",
        [15] = "SIGTERM",
    };

    public static RunOutcome Outcome(int signal)
    {
        var name = Names.TryGetValue(signal, out var known) ? $"{known} ({signal})" : $"signal {signal}";
        var hint = signal == 9 ? " The system may have been out of memory, or somebody killed it." : "";
        return RunOutcome.Failed(TaskEnd.Signal, $"The task's process was ended by {name}.{hint}");
    }
}
