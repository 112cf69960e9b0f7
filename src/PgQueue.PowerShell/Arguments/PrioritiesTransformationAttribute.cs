using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets priorities be written as some of the usual names.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class PrioritiesTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly PriorityTransformationAttribute One = new();

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is IEnumerable list and not string
            ? list.Cast<object>().Select(item => One.Transform(engineIntrinsics, item)).ToArray()
            : One.Transform(engineIntrinsics, value!);
    }
}
