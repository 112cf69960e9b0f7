using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace PgQueue.TaskHost.Scripts;

/// <summary>An object in one line, as a person would skim it.</summary>
internal static class ObjectText
{
    private const int MaxItems = 100;
    private const int MaxDepth = 3;

    public static string Of(object? value) => Of(value, 1);

    private static string Of(object? value, int depth)
    {
        var inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        return inner switch
        {
            null => string.Empty,
            string text => text,
            IDictionary dictionary when depth <= MaxDepth => OfDictionary(dictionary, depth),
            ICollection list when depth <= MaxDepth => OfList(list, depth),
            _ => OneLine(OfAny(value!, inner)),
        };
    }

    private static string OfDictionary(IDictionary dictionary, int depth)
    {
        var text = new StringBuilder("@{");
        var written = 0;
        foreach (DictionaryEntry entry in dictionary)
        {
            if (written++ == MaxItems)
            {
                text.Append("; …");
                break;
            }

            text.Append(written > 1 ? "; " : string.Empty).Append(Of(entry.Key, depth + 1)).Append('=').Append(Of(entry.Value, depth + 1));
        }

        return text.Append('}').ToString();
    }

    private static string OfList(ICollection list, int depth)
    {
        var items = list.Cast<object?>().Take(MaxItems).Select(item => Of(item, depth + 1));
        return string.Join(' ', items) + (list.Count > MaxItems ? " …" : string.Empty);
    }

    // The object's own members make its text, and may throw anything.
    private static string OfAny(object value, object inner)
    {
        try
        {
            return LanguagePrimitives.ConvertTo<string>(value) ?? string.Empty;
        }
        catch (Exception e) when (e is not PipelineStoppedException)
        {
            return string.Format(CultureInfo.InvariantCulture, "{0} (its text can't be made: {1})", inner.GetType().FullName, e.Message);
        }
    }

    private static string OneLine(string text) => text.AsSpan().ContainsAny('\r', '\n') ? text.ReplaceLineEndings(" ") : text;
}
