using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Refuses what has an id of another kind: <c>Get-PqTask | Stop-PqWorker</c> would stop whoever has the task's number.</summary>
/// <param name="text">What is refused, and what is wanted: <c>a task, not a worker</c>.</param>
/// <param name="types">The types of what is refused.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class NotIdOfAttribute(string text, params string[] types) : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        foreach (var item in value is object[] list ? list : [inputData])
        {
            if (item is not null && PSObject.AsPSObject(item).TypeNames.Any(name => types.Any(type => name == type || name == "Deserialized." + type)))
            {
                throw new ArgumentTransformationMetadataException($"This is {text}; their ids have nothing to do with each other.");
            }
        }

        return inputData;
    }
}
