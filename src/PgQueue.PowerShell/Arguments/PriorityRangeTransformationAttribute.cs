using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets priorities be written by name, by number, or as ranges: <c>High..</c>, <c>Low..High</c>, <c>..25</c>. They stay text, checked.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class PriorityRangeTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            null => null!,
            IEnumerable list and not string => list.Cast<object?>().Select(Text).ToArray(),
            _ => new[] { Text(value) },
        };
    }

    private static string Text(object? item)
    {
        try
        {
            return PriorityRange.Parse(Convert.ToString(item is PSObject wrapped ? wrapped.BaseObject : item, CultureInfo.InvariantCulture) ?? "").ToString();
        }
        catch (QueueException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
