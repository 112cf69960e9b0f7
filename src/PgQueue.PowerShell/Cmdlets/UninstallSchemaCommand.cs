using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Drops the queue's schema with every task in it.</summary>
[Cmdlet(VerbsLifecycle.Uninstall, "PqSchema", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class UninstallSchemaCommand : SchemaCmdlet
{
    private protected override void End()
    {
        var client = UncheckedClient();
        if (!ShouldProcess($"{client.Server}, schema \"{client.Schema}\"", "Drop the schema with every task in it"))
        {
            return;
        }

        if (!Await(client.UninstallSchemaAsync))
        {
            WriteItemError(
                nameof(QueueError.SchemaMissing), ErrorCategory.NotInstalled, $"{client.Server} has no queue in the schema \"{client.Schema}\": there is nothing to drop.", Connection);
        }

        Session.Current.Close(Connection!);
    }
}
