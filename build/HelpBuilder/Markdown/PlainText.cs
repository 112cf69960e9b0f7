using System.Text;
using Markdig.Syntax.Inlines;

namespace PgQueue.HelpBuilder.Markdown;

/// <summary>What a line of Markdown says, without its marks.</summary>
internal static class PlainText
{
    public static string Of(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        Append(inlines, text);
        return text.ToString().Trim();
    }

    private static void Append(ContainerInline? inlines, StringBuilder text)
    {
        foreach (var inline in inlines ?? Enumerable.Empty<Inline>())
        {
            Append(inline, text);
        }
    }

    private static void Append(Inline inline, StringBuilder text)
    {
        switch (inline)
        {
            case LiteralInline literal:
                text.Append(literal.Content.AsSpan());
                break;
            case CodeInline code:
                text.Append(code.Content);
                break;
            case LineBreakInline:
                text.Append(' ');
                break;
            case AutolinkInline address:
                text.Append(address.Url);
                break;
            case HtmlEntityInline entity:
                text.Append(entity.Transcoded.AsSpan());
                break;
            case LinkInline link:
                Append((ContainerInline)link, text);
                // A console can't follow a link to a file of the project; an address can be copied.
                text.Append(IsAddress(link.Url) ? $" ({link.Url})" : "");
                break;
            case ContainerInline container:
                Append(container, text);
                break;
            default:
                break;
        }
    }

    private static bool IsAddress(string? url) => url?.StartsWith("http", StringComparison.OrdinalIgnoreCase) is true;
}
