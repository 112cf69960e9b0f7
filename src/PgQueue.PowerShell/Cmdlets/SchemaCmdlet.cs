using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet for a queue's schema, which need not be there.</summary>
public abstract class SchemaCmdlet : QueueCmdlet
{
    private protected SchemaCmdlet()
    {
    }

    /// <summary>The schema's name. Default: the connection's.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Schema { get; set; }

    private protected override string? OtherSchema => Schema;

    private protected override bool InstallsEmbedded => false;
}
