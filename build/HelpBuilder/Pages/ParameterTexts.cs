using System.Text.RegularExpressions;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using PgQueue.HelpBuilder.Markdown;
using PgQueue.HelpBuilder.Metadata;

namespace PgQueue.HelpBuilder.Pages;

/// <summary>
/// The texts of a cmdlet's parameters: those under headings of their own, and those of the common pages' sections that
/// the page links to before its first parameter. The page's own text goes before a common one.
/// </summary>
internal sealed partial class ParameterTexts(CmdletInfo cmdlet)
{
    private readonly Dictionary<string, IReadOnlyList<TextBlock>> _texts = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="HelpException">The cmdlet has no such parameter, or a link leads nowhere.</exception>
    public IReadOnlyDictionary<string, IReadOnlyList<TextBlock>> Read(Section parameters)
    {
        foreach (var section in parameters.Sections)
        {
            var name = NameOf(section);
            if (cmdlet.Find(name) is null)
            {
                throw section.Error($"{cmdlet.Name} has no parameter -{name}.");
            }

            Add(section, name);
        }

        foreach (var link in parameters.Blocks.OfType<ParagraphBlock>().SelectMany(b => b.Inline!.Descendants<LinkInline>()))
        {
            Include(Follow(parameters, link));
        }

        foreach (var missing in cmdlet.Parameters.Where(p => !_texts.ContainsKey(p.Name)))
        {
            Console.WriteLine($"{parameters.File.Path}({parameters.Line}): warning PQHELP: There is no text for -{missing.Name}.");
        }

        return _texts;
    }

    private void Include(Section common)
    {
        foreach (var section in common.Sections.Where(s => cmdlet.Find(NameOf(s)) is not null && !_texts.ContainsKey(NameOf(s))))
        {
            Add(section, NameOf(section));
        }
    }

    private void Add(Section section, string name)
    {
        if (section.Text.Length == 0)
        {
            throw section.Error($"-{name} has no text.");
        }

        if (!_texts.TryAdd(name, section.Text))
        {
            throw section.Error($"-{name} is described twice.");
        }
    }

    private static Section Follow(Section from, LinkInline link)
    {
        var parts = (link.Url ?? "").Split('#');
        var path = Path.Combine(Path.GetDirectoryName(from.File.Path)!, parts[0]);
        return parts.Length == 2 && File.Exists(path) && MarkdownFile.Load(path).Root.Sections.Find(s => Anchor(s.Title) == parts[1]) is { } found
            ? found
            : throw from.File.Error(link.Line + 1, $"The link '{link.Url}' leads to no section of a common page.");
    }

    private static string NameOf(Section section) => section.Title.StartsWith('-')
        ? section.Title[1..]
        : throw section.Error($"A parameter's heading is its name with a dash before it, not '{section.Title}'.");

    /// <summary>A heading's anchor, as it is written in links.</summary>
    private static string Anchor(string title) => NoAnchor().Replace(title.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex NoAnchor();
}
