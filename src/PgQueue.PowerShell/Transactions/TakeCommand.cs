using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Hands what comes through the pipeline to this module. Not exported.</summary>
[Cmdlet(VerbsCommunications.Receive, "PqBlock")]
public sealed class TakeCommand : Cmdlet
{
    /// <summary>Who takes it.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public Action<PSObject?> Taker { get; set; } = null!;

    /// <summary>What comes.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>Hands it over.</summary>
    protected override void ProcessRecord() => Taker(InputObject);
}
