using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A command's arguments as text, one each.</summary>
internal static class CommandText
{
    /// <summary>A value as arguments: a file by its path, a list one by one, anything else as PowerShell writes it.</summary>
    /// <exception cref="CmdletException">It is a secret, or can't be an argument.</exception>
    public static IEnumerable<string> Of(object? value, string place)
    {
        ValueShape.Check(value, place);
        var inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        return inner switch
        {
            null => [string.Empty],
            FileSystemInfo file => [file.FullName],
            Array list => list.Cast<object?>().SelectMany(item => Of(item, place)),
            _ => [Checked(Text(value!, inner), place)],
        };
    }

    private static string Text(object value, object inner) => inner is IFormattable number && inner is not IEnumerable
        ? number.ToString(null, CultureInfo.InvariantCulture)
        : LanguagePrimitives.ConvertTo<string>(value);

    private static string Checked(string text, string place) => PlainJson.IsStorable(text)
        ? text
        : throw CmdletException.Of(
            "ValueNotStorable", ErrorCategory.InvalidData, $"{place} has a NUL character or half a surrogate pair, which no command line can hold.", text);
}
