using System.Management.Automation;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>
/// A script's argument as it is stored: JSON where that brings back the same value, so that SQL can read it, else CLIXML
/// as Start-Job would send it.
/// </summary>
internal static class ScriptValue
{
    /// <summary>What is stored for a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="place">What it is, for an error's text: <c>The argument 1</c>.</param>
    /// <exception cref="CmdletException">It is a secret, or lives in this process only.</exception>
    public static JsonNode? Encode(object? value, string place)
    {
        var depth = ValueShape.Check(value, place);
        if (PlainJson.TryEncode(value, out var json))
        {
            return json;
        }

        var clixml = Serialize(value, depth, place);

        // An object's own property may hold a secret that its type does not tell of.
        return clixml.Contains("<SS", StringComparison.Ordinal)
            ? throw ValueShape.Secret(place, value)
            : new JsonObject { ["$clixml"] = clixml };
    }

    private static string Serialize(object? value, int depth, string place)
    {
        try
        {
            return PSSerializer.Serialize(value, depth);
        }
        catch (Exception e) when (e is not PipelineStoppedException)
        {
            // A property of the caller's object may throw anything.
            throw CmdletException.Of(
                "ValueNotStorable", ErrorCategory.InvalidType, $"{place} can't be stored: {e.Message}", value, e);
        }
    }
}
