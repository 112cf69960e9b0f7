using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using PgQueue.HelpBuilder.Markdown;
using PgQueue.HelpBuilder.Metadata;
using PgQueue.HelpBuilder.Pages;

namespace PgQueue.HelpBuilder.Maml;

/// <summary>The parameters of a cmdlet with their texts.</summary>
internal static partial class MamlParameters
{
    /// <summary>What is left of 80 columns for a parameter's default.</summary>
    private const int DefaultWidth = 42;

    public static XElement Of(CmdletInfo cmdlet, CmdletPage page) => new(
        Names.Command + "parameters",
        cmdlet.Parameters
            .OrderBy(p => p.Name is "WhatIf" or "Confirm")
            .ThenBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => Described(p, page.Parameters.GetValueOrDefault(p.Name) ?? [])));

    /// <summary>A parameter's element.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="place">How it is bound.</param>
    /// <param name="content">What stands in it after its name.</param>
    public static XElement Element(ParameterInfo parameter, ParameterPlace place, params object?[] content) => new(
        Names.Command + "parameter",
        new XAttribute("required", place.Mandatory ? "true" : "false"),
        new XAttribute("variableLength", "true"),
        new XAttribute("globbing", parameter.Globs ? "true" : "false"),
        new XAttribute("pipelineInput", Pipeline(place)),
        new XAttribute("position", place.Position?.ToString(CultureInfo.InvariantCulture) ?? "named"),
        new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
        new XElement(Names.Maml + "name", parameter.Name),
        content);

    /// <summary>What is written after a parameter's name; null for a switch.</summary>
    /// <param name="type">The parameter's type.</param>
    /// <param name="inSyntax">Name the words it takes, as a line of syntax does.</param>
    public static XElement? Value(ParameterType type, bool inSyntax)
    {
        if (type.IsSwitch && inSyntax)
        {
            return null;
        }

        return inSyntax && type.Words.Count > 0
            ? new XElement(Names.Command + "parameterValueGroup", type.Words.Select(word => ValueElement(word, required: false)))
            : ValueElement(type.Name, required: !type.IsSwitch);
    }

    private static XElement Described(ParameterInfo parameter, IReadOnlyList<TextBlock> text) => Element(
        parameter,
        Merged(parameter),
        new XElement(Names.Maml + "description", MamlText.Of(text), Words(parameter.Type, text)),
        Value(parameter.Type, inSyntax: false),
        new XElement(Names.Dev + "type", new XElement(Names.Maml + "name", parameter.Type.FullName)),
        new XElement(Names.Dev + "defaultValue", parameter.Type.IsSwitch ? "False" : Default(text)));

    /// <summary>What holds in whichever set it is used.</summary>
    private static ParameterPlace Merged(ParameterInfo parameter)
    {
        var places = parameter.Places;
        return new ParameterPlace(
            null,
            places.All(p => p.Mandatory),
            places.Select(p => p.Position).FirstOrDefault(p => p is not null),
            places.Any(p => p.ByValue),
            places.Any(p => p.ByName));
    }

    /// <summary>The words that it takes, where the text does not name them all.</summary>
    private static XElement? Words(ParameterType type, IReadOnlyList<TextBlock> text) =>
        type.Words.All(word => text.OfType<TextParagraph>().Any(p => p.Text.Contains(word, StringComparison.Ordinal)))
            ? null
            : MamlText.Paragraph($"Values: {string.Join(", ", type.Words)}.");

    /// <summary>What the text says at its end (Default: 2s), as far as it fits into its line.</summary>
    private static string Default(IReadOnlyList<TextBlock> text)
    {
        var said = text.OfType<TextParagraph>().Select(p => DefaultSentence().Match(p.Text)).LastOrDefault(m => m.Success)?.Groups[1].Value ?? "None";
        return said.Length <= DefaultWidth ? said : said.Split(',', ';')[0];
    }

    private static string Pipeline(ParameterPlace place) => place switch
    {
        { ByValue: true, ByName: true } => "True (ByValue, ByPropertyName)",
        { ByValue: true } => "True (ByValue)",
        { ByName: true } => "True (ByPropertyName)",
        _ => "False",
    };

    private static XElement ValueElement(string text, bool required) => new(
        Names.Command + "parameterValue",
        new XAttribute("required", required ? "true" : "false"),
        new XAttribute("variableLength", "false"),
        text);

    [GeneratedRegex(@"\bDefault: (.+?)\.?$")]
    private static partial Regex DefaultSentence();
}
