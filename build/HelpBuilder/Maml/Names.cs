using System.Xml.Linq;

namespace PgQueue.HelpBuilder.Maml;

/// <summary>The namespaces of a help file's elements.</summary>
internal static class Names
{
    public static readonly XNamespace Items = "http://msh";
    public static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    public static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    public static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
}
