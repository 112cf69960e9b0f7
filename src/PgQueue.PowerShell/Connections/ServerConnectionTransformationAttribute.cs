using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets the embedded server, as Get-PqServer emits it, stand for its connection string.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class ServerConnectionTransformationAttribute : ArgumentTransformationAttribute
{
    private const string Server = "PgQueue.EmbeddedServerStatus";

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Of(inputData) ?? inputData;

    /// <summary>The connection string of an embedded server, from another session too; null for anything else.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">The server does not run.</exception>
    public static string? Of(object? value)
    {
        if (value is null || PSObject.AsPSObject(value) is not { } item || !item.TypeNames.Any(name => name is Server or "Deserialized." + Server))
        {
            return null;
        }

        return item.Properties["ConnectionString"]?.Value as string ?? throw new ArgumentTransformationMetadataException(
            $"The embedded server in '{item.Properties["DataDirectory"]?.Value}' does not run. Start-PqServer starts it.");
    }
}
