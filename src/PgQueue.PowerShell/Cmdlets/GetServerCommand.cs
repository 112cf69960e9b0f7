using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What the embedded server is doing, whether it was ever started or not.</summary>
[Cmdlet(VerbsCommon.Get, "PqServer")]
[OutputType(typeof(EmbeddedServerStatus))]
public sealed class GetServerCommand : ServerCmdlet
{
    private protected override void Process() => WriteObject(Await(Server().GetStatusAsync));
}
