using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Stops the embedded server and waits until it has ended. Its data stays.</summary>
[Cmdlet(VerbsLifecycle.Stop, "PqServer", SupportsShouldProcess = true)]
public sealed class StopServerCommand : ServerCmdlet
{
    // Boxed, see ModuleLifetime.
    private object? _mode;

    /// <summary>Smart waits for all clients to leave, Fast ends their sessions, Immediate leaves the server to recover at its next start. Default: Fast.</summary>
    [Parameter]
    public ServerStopMode Mode
    {
        get => (ServerStopMode?)_mode ?? ServerStopMode.Fast;
        set => _mode = value;
    }

    private protected override void Process()
    {
        var server = Server();
        var status = Await(server.GetStatusAsync);
        if (ShouldProcess(status.ToString(), "Stop") && !Await(token => server.StopAsync(Mode, token)))
        {
            WriteVerbose("It was not running.");
        }
    }
}
