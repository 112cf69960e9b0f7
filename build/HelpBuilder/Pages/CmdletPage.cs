using PgQueue.HelpBuilder.Markdown;

namespace PgQueue.HelpBuilder.Pages;

/// <summary>A cmdlet's page.</summary>
internal sealed record CmdletPage
{
    public required string Synopsis { get; init; }

    public required IReadOnlyList<TextBlock> Description { get; init; }

    /// <summary>The parameters' texts, by name without the dash; those of common pages that the page includes among them.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<TextBlock>> Parameters { get; init; }

    public required IReadOnlyList<ExamplePart> Examples { get; init; }

    public required IReadOnlyList<TypePart> Inputs { get; init; }

    public required IReadOnlyList<TypePart> Outputs { get; init; }

    /// <summary>Names of cmdlets and about topics.</summary>
    public required IReadOnlyList<string> Links { get; init; }
}

/// <summary>An example.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Code">The statements, and what they print, where the page shows that.</param>
/// <param name="Remarks">What is seen.</param>
internal sealed record ExamplePart(string Title, string Code, IReadOnlyList<TextBlock> Remarks);

/// <summary>A type that is piped in or out.</summary>
/// <param name="Type">Its name.</param>
/// <param name="Text">What it is for.</param>
internal sealed record TypePart(string Type, IReadOnlyList<TextBlock> Text);
