using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet for the embedded server: a private PostgreSQL of this user.</summary>
public abstract class ServerCmdlet : EngineCmdlet
{
    private protected ServerCmdlet()
    {
    }

    /// <summary>
    /// The folder that holds the server's data. Default: the environment variable PGQUEUE_SERVER_DATA, else PgQueue/server
    /// in the user's folder for local application data; for root on Unix /var/lib/pgqueue/server.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DataDirectory { get; set; }

    private protected override object? ErrorTarget => DataDirectory;

    /// <summary>The server, with what this cmdlet adds to its options.</summary>
    /// <exception cref="CmdletException">An option can't be used.</exception>
    private protected EmbeddedServer Server() => Embedded.Server(usual => DataDirectory is null
        ? Options(usual)
        : Options(usual) with { DataDirectory = GetUnresolvedProviderPathFromPSPath(DataDirectory) });

    private protected virtual EmbeddedServerOptions Options(EmbeddedServerOptions options) => options;
}
