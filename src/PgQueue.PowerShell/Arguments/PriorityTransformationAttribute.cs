using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets a priority be written as one of the usual names.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class PriorityTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>The usual priorities. Any other whole number works too.</summary>
    public static IReadOnlyDictionary<string, int> Names { get; } = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
    {
        ["Batch"] = TaskPriority.Batch,
        ["Low"] = TaskPriority.Low,
        ["Normal"] = TaskPriority.Normal,
        ["High"] = TaskPriority.High,
        ["Critical"] = TaskPriority.Critical,
    };

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is string name && Names.TryGetValue(name, out var priority))
        {
            return priority;
        }

        return value is null || LanguagePrimitives.TryConvertTo<int>(value, out priority) ? value! : throw new ArgumentTransformationMetadataException(
            $"'{value}' is no priority. Write {string.Join(", ", Names.Keys)} or a whole number; the higher runs first, {nameof(TaskPriority.Normal)} is {TaskPriority.Normal}.");
    }
}
