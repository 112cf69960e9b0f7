namespace PgQueue.HelpBuilder.Markdown;

/// <summary>A piece of text as a console shows it, its marks taken away.</summary>
internal abstract record TextBlock;

/// <summary>Text that is wrapped where it is shown.</summary>
/// <param name="Text">One line.</param>
internal sealed record TextParagraph(string Text) : TextBlock;

/// <summary>An item of a list.</summary>
/// <param name="Mark">What stands before it: a dash, or its number.</param>
/// <param name="Text">One line.</param>
internal sealed record TextItem(string Mark, string Text) : TextBlock;

/// <summary>Text whose lines stay as they are.</summary>
/// <param name="Text">Its lines.</param>
/// <param name="Info">What the fence says of it; empty where nothing.</param>
internal sealed record TextCode(string Text, string Info) : TextBlock;

/// <summary>A table.</summary>
/// <param name="Rows">Its rows, the header's first where that is not empty.</param>
/// <param name="HasHeader">The first row is a header.</param>
internal sealed record TextTable(IReadOnlyList<IReadOnlyList<string>> Rows, bool HasHeader) : TextBlock;
