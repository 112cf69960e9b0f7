using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Lets a rate be written as a number over a duration or its unit: <c>10/s</c>, <c>500/15m</c>.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class RateLimitTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is null or RateLimit ? value! : Parse(value.ToString()!) ?? throw new ArgumentTransformationMetadataException(
            $"'{value}' is no rate limit. Write how many tasks start in which time: 10/s, 100/m, 500/15m.");
    }

    private static RateLimit? Parse(string text)
    {
        var parts = text.Split('/', 2, StringSplitOptions.TrimEntries);
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count > 0
            && parts[1].Length > 0
            && Duration.From(char.IsAsciiLetter(parts[1][0]) ? "1" + parts[1] : parts[1]) is { } period
            && period > TimeSpan.Zero
            ? new RateLimit(count, period)
            : null;
    }
}
