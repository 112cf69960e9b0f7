using Markdig.Syntax;

namespace PgQueue.HelpBuilder.Markdown;

/// <summary>A heading with what stands under it.</summary>
internal sealed class Section(MarkdownFile file, string title, int level, int line)
{
    public MarkdownFile File { get; } = file;

    public string Title { get; } = title;

    /// <summary>1 for the page's own title.</summary>
    public int Level { get; } = level;

    /// <summary>Its line in the file, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>What comes before its first subsection.</summary>
    public List<Block> Blocks { get; } = [];

    public List<Section> Sections { get; } = [];

    /// <summary>Its text, ready to be written.</summary>
    public TextBlock[] Text => [.. Blocks.SelectMany(b => TextBlocks.From(b, File))];

    public Section? Find(string subsection) => Sections.Find(s => s.Title == subsection);

    public Section Require(string subsection) => Find(subsection) ?? throw Error($"'{Title}' has no section '{subsection}'.");

    public HelpException Error(string message) => File.Error(Line, message);
}
