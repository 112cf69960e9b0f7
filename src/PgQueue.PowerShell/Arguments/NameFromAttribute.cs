using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Takes a name from another property of what is piped in: a task names its queue and its schedule, and has a name of
/// its own, which the parameter would be bound to otherwise. A queue or a schedule itself stands for its name.
/// </summary>
/// <param name="property">The property: Queue, Schedule.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class NameFromAttribute(string property) : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is object[] list ? list.Select(NameOf).ToArray() : NameOf(inputData)!;
    }

    private object? NameOf(object? item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        if (value is null or string or string[])
        {
            return item;
        }

        var properties = PSObject.AsPSObject(item!).Properties;
        if (properties[property] is not { } named)
        {
            return properties["Name"]?.Value is string own ? own : item;
        }

        return named.Value as string ?? throw new ArgumentTransformationMetadataException(
            $"{properties["Id"]?.Value ?? "It"} belongs to no {property.ToLowerInvariant()}: its {property} is empty.");
    }
}
