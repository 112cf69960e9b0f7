using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets a backoff be written as a name, such as Exponential, or as a list of times: <c>1m, 5m, 30m</c>.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class BackoffTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            null or RetryBackoff => value!,
            Enum or string when RetryBackoff.Names.Keys.FirstOrDefault(n => n.Equals(value.ToString(), StringComparison.OrdinalIgnoreCase)) is { } name =>
                new RetryBackoff(name),
            IEnumerable list and not string => new RetryBackoff([.. list.Cast<object?>().Select(Time)]),
            _ => new RetryBackoff([Time(inputData)]),
        };
    }

    private static TimeSpan Time(object? item)
    {
        return item is not null && Duration.FromArgument(item) is { } time ? time : throw new ArgumentTransformationMetadataException(
            $"'{item}' is no backoff. Write {string.Join(", ", RetryBackoff.Names.Keys)}, or the waits one by one: 1m, 5m, 30m.");
    }
}
