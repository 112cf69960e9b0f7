using PgQueue.HelpBuilder.Markdown;
using PgQueue.HelpBuilder.Metadata;

namespace PgQueue.HelpBuilder.Pages;

/// <summary>Reads a cmdlet's page.</summary>
internal sealed class PageReader(MarkdownFile file, CmdletInfo cmdlet)
{
    /// <summary>Characters of a line of code that fit into a console of 80 columns.</summary>
    private const int CodeWidth = 76;

    private static readonly string[] SectionNames = ["Synopsis", "Description", "Parameters", "Examples", "Inputs", "Outputs", "Related"];

    /// <exception cref="HelpException">It is not written as a page is.</exception>
    public CmdletPage Read()
    {
        var root = file.Root;
        if (root.Title != cmdlet.Name)
        {
            throw root.Error($"The page of {cmdlet.Name} is titled '{root.Title}'.");
        }

        if (root.Sections.Find(s => !SectionNames.Contains(s.Title)) is { } unknown)
        {
            throw unknown.Error($"A page has no section '{unknown.Title}'; its sections are {string.Join(", ", SectionNames)}.");
        }

        return new CmdletPage
        {
            Synopsis = Synopsis(root.Require("Synopsis")),
            Description = root.Require("Description").Text,
            Parameters = new ParameterTexts(cmdlet).Read(root.Require("Parameters")),
            Examples = [.. root.Require("Examples").Sections.Select(Example)],
            Inputs = Types(root.Require("Inputs")),
            Outputs = Types(root.Require("Outputs")),
            Links = [.. root.Require("Related").Text.OfType<TextItem>().Select(item => item.Text)],
        };
    }

    private static string Synopsis(Section section) => section.Text is [TextParagraph only]
        ? only.Text
        : throw section.Error("A synopsis is one paragraph.");

    private static ExamplePart Example(Section section)
    {
        if (section.Text is not [TextCode code, .. var rest] || !code.Info.StartsWith("powershell", StringComparison.Ordinal))
        {
            throw section.Error($"The example '{section.Title}' must begin with its code, fenced as powershell.");
        }

        if (code.Text.Split('\n').FirstOrDefault(line => line.Length > CodeWidth) is { } wide)
        {
            throw section.Error($"A line of code has {wide.Length} characters; {CodeWidth} fit: {wide.Trim()}");
        }

        return rest is [TextCode { Info: "output" } output, .. var remarks]
            ? new ExamplePart(section.Title, code.Text + "\n\n" + output.Text, remarks)
            : new ExamplePart(section.Title, code.Text, rest);
    }

    private static IReadOnlyList<TypePart> Types(Section section) => section.Sections.Count > 0
        ? [.. section.Sections.Select(s => new TypePart(s.Title, s.Text))]
        : throw section.Error($"{section.Title} has a heading for each type, or one that says None.");
}
