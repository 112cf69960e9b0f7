using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Tells whether the queue's schema is there and just what this module needs.</summary>
[Cmdlet(VerbsDiagnostic.Test, "PqSchema")]
[OutputType(typeof(bool), typeof(SchemaStatus))]
public sealed class TestSchemaCommand : SchemaCmdlet
{
    /// <summary>Emit the versions of schema, module and server in place of true or false.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    private protected override void End()
    {
        var client = UncheckedClient();
        var status = Await(client.GetSchemaStatusAsync);
        if (Detailed)
        {
            WriteObject(status);
        }
        else
        {
            WriteObject(status.UpToDate);
        }
    }
}
