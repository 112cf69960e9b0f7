using System.Text;
using PgQueue.HelpBuilder.Markdown;

namespace PgQueue.HelpBuilder.About;

/// <summary>Text laid out for a console of 80 columns.</summary>
internal static class ConsoleText
{
    /// <summary>Characters of a line at the most: one in the last column would wrap in some consoles.</summary>
    public const int Width = 79;

    /// <summary>Characters of a line of code at the most.</summary>
    public const int CodeWidth = 71;

    private const int Gap = 2;

    /// <summary>Blocks with blank lines between them; the items of a list stand together.</summary>
    public static string Of(IReadOnlyList<TextBlock> blocks, string indent)
    {
        var text = new StringBuilder();
        for (var i = 0; i < blocks.Count; i++)
        {
            if (i > 0 && !(blocks[i] is TextItem && blocks[i - 1] is TextItem))
            {
                text.Append('\n');
            }

            foreach (var line in Lines(blocks[i], indent))
            {
                text.Append(line.TrimEnd()).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Lines(TextBlock block, string indent) => block switch
    {
        TextParagraph paragraph => Wrap(paragraph.Text, indent, indent),
        TextItem item => Wrap(item.Text, $"{indent}{item.Mark} ", indent + new string(' ', item.Mark.Length + 1)),
        TextCode code => code.Text.Split('\n').Select(line => $"{indent}    {line}"),
        TextTable table => Table(table, indent),
        _ => throw new InvalidOperationException($"A console has no way to show a {block.GetType().Name}."),
    };

    /// <summary>Words in lines, the first with its own beginning.</summary>
    private static IEnumerable<string> Wrap(string text, string first, string others)
    {
        var line = new StringBuilder(first);
        var isEmpty = true;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!isEmpty && line.Length + 1 + word.Length > Width)
            {
                yield return line.ToString();
                line.Clear().Append(others);
                isEmpty = true;
            }

            line.Append(isEmpty ? "" : " ").Append(word);
            isEmpty = false;
        }

        yield return line.ToString();
    }

    /// <summary>Columns as wide as their widest cell; the last takes what is left, and wraps.</summary>
    private static IEnumerable<string> Table(TextTable table, string indent)
    {
        var widths = Enumerable.Range(0, table.Rows[0].Count - 1).Select(c => table.Rows.Max(r => r[c].Length) + Gap).ToArray();
        var others = indent + new string(' ', widths.Sum());
        for (var i = 0; i < table.Rows.Count; i++)
        {
            var row = table.Rows[i];
            var first = indent + string.Concat(widths.Select((width, c) => row[c].PadRight(width)));
            foreach (var line in Wrap(row[^1], first, others))
            {
                yield return line;
            }

            if (i == 0 && table.HasHeader)
            {
                yield return indent + string.Concat(row.Select((cell, c) => new string('-', cell.Length).PadRight(c < widths.Length ? widths[c] : 0)));
            }
        }
    }
}
