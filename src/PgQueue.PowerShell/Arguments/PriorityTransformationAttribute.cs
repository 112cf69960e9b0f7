using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets a priority be written as one of the usual names.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class PriorityTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is string name && TaskPriority.Names.TryGetValue(name, out var priority))
        {
            return priority;
        }

        return value is null || LanguagePrimitives.TryConvertTo<int>(value, out priority) ? value! : throw new ArgumentTransformationMetadataException(
            $"'{value}' is no priority. Write {string.Join(", ", TaskPriority.Names.Keys)} or a whole number; the higher runs first, {nameof(TaskPriority.Normal)} is {TaskPriority.Normal}.");
    }
}
