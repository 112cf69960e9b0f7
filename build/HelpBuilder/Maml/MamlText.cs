using System.Xml.Linq;
using PgQueue.HelpBuilder.Markdown;

namespace PgQueue.HelpBuilder.Maml;

/// <summary>Text as the paragraphs of a help file.</summary>
internal static class MamlText
{
    public static IEnumerable<XElement> Of(IEnumerable<TextBlock> text) => text.Select(block => Paragraph(block switch
    {
        TextParagraph paragraph => paragraph.Text,
        TextItem item => $"{item.Mark} {item.Text}",
        TextCode code => string.Join('\n', code.Text.Split('\n').Select(line => "    " + line)),
        _ => throw new InvalidOperationException("A cmdlet's page can't hold a table: put it into an about topic."),
    }));

    public static XElement Paragraph(string text) => new(Names.Maml + "para", text);
}
