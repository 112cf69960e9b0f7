using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets tasks stand for their ids: what Add-PqTask or Get-PqTask emitted, from another session too.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class TaskIdTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is IEnumerable list and not string ? list.Cast<object?>().Select(Id).ToArray() : [Id(inputData)];
    }

    private static long Id(object? item)
    {
        if (item is null)
        {
            throw new ArgumentTransformationMetadataException("$null is no task: the variable may never have been set. Give tasks, or their ids.");
        }

        var task = PSObject.AsPSObject(item);
        var id = IdOfAttribute.IsOf(IdOfAttribute.Task, task) ? IdOfAttribute.IdIn(task) : item;
        return LanguagePrimitives.TryConvertTo<long>(id, out var number) ? number : throw new ArgumentTransformationMetadataException(
            $"'{item}' is no task. Give tasks, as Add-PqTask and Get-PqTask emit them, or their ids.");
    }
}
