using System.Xml.Linq;
using PgQueue.HelpBuilder.Metadata;
using PgQueue.HelpBuilder.Pages;

namespace PgQueue.HelpBuilder.Maml;

/// <summary>The help file of a module's assembly, in the XML that Get-Help reads.</summary>
internal sealed class MamlFile
{
    private readonly XElement _items = new(Names.Items + "helpItems", new XAttribute("schema", "maml"));

    public void Add(CmdletInfo cmdlet, CmdletPage page) => _items.Add(new XElement(
        Names.Command + "command",
        new XAttribute(XNamespace.Xmlns + "maml", Names.Maml),
        new XAttribute(XNamespace.Xmlns + "command", Names.Command),
        new XAttribute(XNamespace.Xmlns + "dev", Names.Dev),
        Details(cmdlet, page),
        new XElement(Names.Maml + "description", MamlText.Of(page.Description)),
        MamlSyntax.Of(cmdlet),
        MamlParameters.Of(cmdlet, page),
        Types("inputType", page.Inputs),
        Types("returnValue", page.Outputs),
        new XElement(Names.Command + "examples", page.Examples.Select(Example)),
        new XElement(Names.Command + "relatedLinks", page.Links.Select(Link))));

    public void Save(string path) => new XDocument(_items).Save(path);

    private static XElement Details(CmdletInfo cmdlet, CmdletPage page) => new(
        Names.Command + "details",
        new XElement(Names.Command + "name", cmdlet.Name),
        new XElement(Names.Command + "verb", cmdlet.Verb),
        new XElement(Names.Command + "noun", cmdlet.Noun),
        new XElement(Names.Maml + "description", MamlText.Paragraph(page.Synopsis)));

    private static XElement Types(string element, IReadOnlyList<TypePart> types) => new(
        Names.Command + (element + "s"),
        types.Select(type => new XElement(
            Names.Command + element,
            new XElement(Names.Dev + "type", new XElement(Names.Maml + "name", type.Type)),
            new XElement(Names.Maml + "description", MamlText.Of(type.Text)))));

    private static XElement Example(ExamplePart example, int index) => new(
        Names.Command + "example",
        new XElement(Names.Maml + "title", $"--------- Example {index + 1}: {example.Title} ---------"),
        new XElement(Names.Dev + "code", example.Code),
        // Get-Help leaves no room between two examples by itself.
        new XElement(Names.Dev + "remarks", MamlText.Of(example.Remarks), MamlText.Paragraph("")));

    private static XElement Link(string name) => new(
        Names.Maml + "navigationLink",
        new XElement(Names.Maml + "linkText", name),
        new XElement(Names.Maml + "uri"));
}
