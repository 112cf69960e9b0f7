using System.Globalization;
using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace PgQueue.HelpBuilder.Markdown;

/// <summary>Markdown's blocks as text.</summary>
internal static class TextBlocks
{
    /// <summary>What a block shows; nothing for a comment.</summary>
    /// <exception cref="HelpException">It is of a kind that a console has no way to show.</exception>
    public static IEnumerable<TextBlock> From(Block block, MarkdownFile file) => block switch
    {
        HtmlBlock => [],
        ParagraphBlock paragraph => [new TextParagraph(PlainText.Of(paragraph.Inline))],
        CodeBlock code => [new TextCode(code.Lines.ToString().TrimEnd(), InfoOf(code))],
        ListBlock list => ItemsOf(list, file),
        Table table => [TableOf(table)],
        _ => throw file.Error(block.Line + 1, $"Help has no {block.GetType().Name}: use paragraphs, lists, code and, in about topics, tables."),
    };

    private static string InfoOf(CodeBlock code) => code is FencedCodeBlock fenced ? $"{fenced.Info} {fenced.Arguments}".Trim() : "";

    private static IEnumerable<TextBlock> ItemsOf(ListBlock list, MarkdownFile file)
    {
        var number = int.TryParse(list.OrderedStart, CultureInfo.InvariantCulture, out var first) ? first : 1;
        foreach (var item in list.Cast<ListItemBlock>())
        {
            if (item is not [ParagraphBlock only])
            {
                throw file.Error(item.Line + 1, "An item of a list has one paragraph.");
            }

            yield return new TextItem(list.IsOrdered ? string.Create(CultureInfo.InvariantCulture, $"{number++}.") : "-", PlainText.Of(only.Inline));
        }
    }

    private static TextTable TableOf(Table table)
    {
        var rows = table.Cast<TableRow>().Select(Cells).ToList();
        var hasHeader = rows[0].Any(cell => cell.Length > 0);
        return new TextTable(hasHeader ? rows : rows[1..], hasHeader);
    }

    private static IReadOnlyList<string> Cells(TableRow row) =>
        [.. row.Cast<TableCell>().Select(cell => string.Join(' ', cell.OfType<ParagraphBlock>().Select(p => PlainText.Of(p.Inline))))];
}
