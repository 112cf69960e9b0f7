using System.Text;
using PgQueue.HelpBuilder.Markdown;

namespace PgQueue.HelpBuilder.About;

/// <summary>An about topic as the text file that Get-Help shows.</summary>
internal sealed class AboutTopic
{
    private const string Indent = "    ";

    /// <exception cref="HelpException">It is not written as a topic is: a title, a short description, then sections.</exception>
    public AboutTopic(MarkdownFile file)
    {
        var root = file.Root;
        Name = Path.GetFileNameWithoutExtension(file.Path);
        if (root.Title != Name)
        {
            throw root.Error($"The topic {Name} is titled '{root.Title}'.");
        }

        if (root.Text is not [TextParagraph summary, .. var rest] || (Indent + summary.Text).Length > ConsoleText.Width)
        {
            throw root.Error($"A topic begins with a short description of one line, of {ConsoleText.Width - Indent.Length} characters at the most.");
        }

        // Get-Help takes a topic's synopsis from the fifth line.
        var text = new StringBuilder($"TOPIC\n{Indent}{Name}\n\nSHORT DESCRIPTION\n{Indent}{summary.Text}\n\nLONG DESCRIPTION\n");
        text.Append(ConsoleText.Of(rest, Indent));
        foreach (var section in root.Sections)
        {
            Append(section, text);
        }

        Text = text.ToString();
    }

    public string Name { get; }

    public string Text { get; }

    private static void Append(Section section, StringBuilder text)
    {
        RefuseWide(section);
        text.Append('\n').Append(section.Level == 2 ? section.Title.ToUpperInvariant() : "  " + section.Title).Append('\n');
        text.Append(ConsoleText.Of(section.Text, Indent));
        foreach (var inner in section.Sections)
        {
            Append(inner, text);
        }
    }

    private static void RefuseWide(Section section)
    {
        var wide = section.Text.OfType<TextCode>().SelectMany(code => code.Text.Split('\n')).FirstOrDefault(line => line.Length > ConsoleText.CodeWidth);
        if (wide is not null)
        {
            throw section.Error($"A line of code has {wide.Length} characters; {ConsoleText.CodeWidth} fit: {wide.Trim()}");
        }
    }
}
