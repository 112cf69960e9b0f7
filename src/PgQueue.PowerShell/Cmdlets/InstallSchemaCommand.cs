using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Makes the queue's schema, or brings it up to date. Safe to repeat, and to run from many places at once.</summary>
[Cmdlet(VerbsLifecycle.Install, "PqSchema")]
[OutputType(typeof(string))]
public sealed class InstallSchemaCommand : SchemaCmdlet
{
    // A script needs a schema's name but no server.
    private const string Nowhere = "Host=localhost";

    /// <summary>Emit the schema as a script for psql, and change nothing.</summary>
    [Parameter]
    public SwitchParameter AsScript { get; set; }

    private protected override void End()
    {
        if (AsScript)
        {
            var connection = new PqConnection(Nowhere, Schema ?? (Connection ?? DefaultConnection.Known)?.Schema ?? DefaultConnection.Schema);
            WriteObject(Session.Current.Client(connection).Queue.GetSchemaScript());
            return;
        }

        var client = UncheckedClient();
        var applied = Await(client.InstallSchemaAsync);
        WriteVerbose(applied == 0
            ? $"The schema {client.Schema} was up to date already."
            : $"The schema {client.Schema}: {applied} migrations applied.");
    }
}
