using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets a point in time be written as so long ago, or ahead: <c>1h</c> is an hour before now, or after it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class TimePointTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>A duration is counted from now into the future.</summary>
    public bool Ahead { get; set; }

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null or DateTime or DateTimeOffset)
        {
            return value!;
        }

        if (Duration.FromArgument(inputData) is { } time)
        {
            return DateTime.Now + (Ahead ? time : -time);
        }

        return LanguagePrimitives.TryConvertTo<DateTime>(value, out var point) ? point : throw new ArgumentTransformationMetadataException(
            $"'{value}' is neither a time nor a duration. Write 2026-01-31, '2026-01-31 14:30', or how long {(Ahead ? "from now" : "ago")}: 30s, 5m, 2h, 1d.");
    }
}
