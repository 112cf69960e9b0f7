using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A text for all tasks added, or a script block that makes one for each from its pipeline object <c>$_</c>.</summary>
public sealed class ItemText
{
    private readonly string? _text;
    private readonly ScriptBlock? _script;

    /// <summary>The same text for all.</summary>
    /// <param name="text">The text.</param>
    public ItemText(string text) => _text = text;

    /// <summary>A text for each.</summary>
    /// <param name="script">Returns the text; <c>$_</c> is the pipeline object.</param>
    public ItemText(ScriptBlock script) => _script = script;

    /// <summary>The text or the script block's own.</summary>
    public override string ToString() => _text ?? _script!.ToString();

    /// <summary>True where it makes a text for each.</summary>
    internal bool IsScript => _script is not null;

    /// <exception cref="RuntimeException">The script block failed.</exception>
    internal string? For(object? item)
    {
        if (_script is null)
        {
            return _text;
        }

        var results = _script.InvokeWithContext(null, [new PSVariable("_", item)]);
        return results.Count == 0 ? null : Convert.ToString(results[0]?.BaseObject, CultureInfo.InvariantCulture);
    }
}
