using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets -Connection take a connection, or a connection string or the embedded server in its place.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class ConnectionTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => (ServerConnectionTransformationAttribute.Of(inputData) ?? Unwrap(inputData)) switch
    {
        string text => new PqConnection(text, DefaultConnection.Schema),
        PSObject saved when saved.TypeNames.Contains("Deserialized." + typeof(PqConnection).FullName) =>
            throw new ArgumentTransformationMetadataException(
                "This connection was saved or came from another process, and passwords don't travel. Make a new one with Connect-PqQueue."),
        var other => other!,
    };

    private static object? Unwrap(object? value) =>
        value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
}
