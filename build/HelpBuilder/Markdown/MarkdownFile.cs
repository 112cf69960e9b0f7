using Markdig;
using Markdig.Syntax;

namespace PgQueue.HelpBuilder.Markdown;

/// <summary>A Markdown file as a tree of sections.</summary>
internal sealed class MarkdownFile
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().Build();

    private MarkdownFile(string path) => Path = path;

    public string Path { get; }

    /// <summary>The page's title with all that it holds.</summary>
    public Section Root { get; private set; } = null!;

    /// <exception cref="HelpException">It does not begin with a title, or has two.</exception>
    public static MarkdownFile Load(string path)
    {
        var file = new MarkdownFile(path);
        file.Read(Markdig.Markdown.Parse(File.ReadAllText(path), Pipeline));
        return file;
    }

    public HelpException Error(int line, string message) => new(Path, line, message);

    private void Read(MarkdownDocument document)
    {
        var open = new Stack<Section>();
        foreach (var block in document)
        {
            if (block is HeadingBlock heading)
            {
                var section = new Section(this, PlainText.Of(heading.Inline), heading.Level, heading.Line + 1);
                Place(section, open);
                open.Push(section);
            }
            else if (open.TryPeek(out var current))
            {
                current.Blocks.Add(block);
            }
            else if (block is not HtmlBlock)
            {
                throw Error(block.Line + 1, "The page must begin with its title.");
            }
        }

        if (Root is null)
        {
            throw Error(1, "The page has no title.");
        }
    }

    private void Place(Section section, Stack<Section> open)
    {
        while (open.TryPeek(out var last) && last.Level >= section.Level)
        {
            open.Pop();
        }

        if (open.TryPeek(out var parent))
        {
            parent.Sections.Add(section);
        }
        else if (Root is null)
        {
            Root = section;
        }
        else
        {
            throw section.Error($"A page has one title; '{section.Title}' is a second.");
        }
    }
}
