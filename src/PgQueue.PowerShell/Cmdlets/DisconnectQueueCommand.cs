using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Closes a connection; where it is the session's default, the session has none any more.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "PqQueue")]
public sealed class DisconnectQueueCommand : EngineCmdlet
{
    /// <summary>The connection, or its connection string. Default: the session's.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ConnectionTransformation]
    public PqConnection? Connection { get; set; }

    private protected override void Process()
    {
        var session = Session.Current;
        if ((Connection ?? session.Default) is not { } connection)
        {
            WriteVerbose("This session has no connection.");
            return;
        }

        session.Close(connection);
        session.DetachJobs(connection);
        if (session.Default is { } known && known.ConnectionString == connection.ConnectionString && known.Schema == connection.Schema)
        {
            session.Default = null;
        }
    }
}
