using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets a duration be written as <c>30s</c>, <c>5m</c>, <c>1h30m</c>, <c>00:05:00</c>, or as a number of seconds.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is null ? null! : Duration.FromArgument(inputData) ?? throw new ArgumentTransformationMetadataException(
            $"'{inputData}' is no duration. Write 500ms, 30s, 5m, 2h, 1d, 1w, 1h30m, 00:05:00, or a number of seconds.");
    }
}
