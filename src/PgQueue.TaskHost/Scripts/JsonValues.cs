using System.Management.Automation;
using System.Text.Json;
using System.Xml;
using PgQueue.Protocol;
using PgQueue.Shared;

namespace PgQueue.TaskHost.Scripts;

/// <summary>A task's values, JSON or kept as CLIXML, as PowerShell's own objects.</summary>
internal static class JsonValues
{
    /// <exception cref="TaskSetupException">The CLIXML can't be read.</exception>
    public static object? ToObject(JsonElement value) => JsonObjects.ToObject(value, IsClixml);

    private static bool IsClixml(JsonElement value, out object? meant)
    {
        var isClixml = value.GetPropertyCount() == 1 & value.TryGetProperty(ScriptSpec.ClixmlProperty, out var clixml);
        meant = isClixml ? FromClixml(clixml.GetString()!) : null;
        return isClixml;
    }

    private static object? FromClixml(string clixml)
    {
        try
        {
            return PSSerializer.Deserialize(clixml);
        }
        catch (Exception e) when (e is XmlException or RuntimeException or InvalidOperationException)
        {
            throw new TaskSetupException($"An argument that was kept as CLIXML can't be read: {e.Message}", e);
        }
    }
}
