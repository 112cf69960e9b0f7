using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets a time zone be given as what Get-TimeZone returns.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class TimeZoneTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is TimeZoneInfo zone ? zone.Id : inputData;
    }
}
