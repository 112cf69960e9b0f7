using System.Xml.Linq;
using PgQueue.HelpBuilder.Metadata;

namespace PgQueue.HelpBuilder.Maml;

/// <summary>A cmdlet's syntax, one line for each parameter set.</summary>
internal static class MamlSyntax
{
    public static XElement Of(CmdletInfo cmdlet) => new(Names.Command + "syntax", cmdlet.Sets.Select(set => Line(cmdlet, set)));

    private static XElement Line(CmdletInfo cmdlet, string set) => new(
        Names.Command + "syntaxItem",
        new XElement(Names.Maml + "name", cmdlet.Name),
        cmdlet.Parameters
            .Select(parameter => (Parameter: parameter, Place: parameter.In(set)!))
            .Where(p => p.Place is not null)
            .OrderBy(p => p.Place.Position ?? int.MaxValue)
            .ThenByDescending(p => p.Place.Mandatory)
            .ThenBy(p => p.Parameter.Name is "WhatIf" or "Confirm")
            .ThenBy(p => p.Parameter.Name, StringComparer.Ordinal)
            .Select(p => MamlParameters.Element(p.Parameter, p.Place, MamlParameters.Value(p.Parameter.Type, inSyntax: true))));
}
