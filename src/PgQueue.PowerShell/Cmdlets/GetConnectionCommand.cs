using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The connection that cmdlets use where -Connection is not given. None where they would use the embedded server.</summary>
[Cmdlet(VerbsCommon.Get, "PqConnection")]
[OutputType(typeof(PqConnection))]
public sealed class GetConnectionCommand : EngineCmdlet
{
    private protected override void End()
    {
        if (DefaultConnection.Known is { } connection)
        {
            WriteObject(connection);
        }
    }
}
