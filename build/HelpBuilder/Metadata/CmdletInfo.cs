namespace PgQueue.HelpBuilder.Metadata;

/// <summary>A cmdlet as its assembly declares it.</summary>
/// <param name="Verb">Before the dash.</param>
/// <param name="Noun">After it.</param>
/// <param name="DefaultSet">The parameter set that comes first.</param>
/// <param name="Parameters">Its parameters, in no order.</param>
internal sealed record CmdletInfo(string Verb, string Noun, string? DefaultSet, IReadOnlyList<ParameterInfo> Parameters)
{
    public string Name => $"{Verb}-{Noun}";

    /// <summary>Its parameter sets, the default one first; one without a name where it has none.</summary>
    public IReadOnlyList<string> Sets
    {
        get
        {
            var named = Parameters.SelectMany(p => p.Places).Select(p => p.Set).OfType<string>().ToList();
            // The default set may have no parameter of its own.
            return named.Count == 0 ? [""] : [.. named.Append(DefaultSet ?? named[0]).Distinct().OrderBy(s => s != DefaultSet)];
        }
    }

    public ParameterInfo? Find(string name) => Parameters.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>A parameter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Places">How it is bound, by parameter set.</param>
internal sealed record ParameterInfo(string Name, ParameterType Type, IReadOnlyList<ParameterPlace> Places)
{
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>It takes wildcards.</summary>
    public bool Globs { get; init; }

    /// <summary>How it is bound in a set; null where it is not in it.</summary>
    public ParameterPlace? In(string set) => Places.FirstOrDefault(p => p.Set is null || p.Set == set);
}

/// <summary>How a parameter is bound in a set.</summary>
/// <param name="Set">The set; null for all.</param>
/// <param name="Mandatory">It must be given.</param>
/// <param name="Position">Its position; null where it is bound by name only.</param>
/// <param name="ByValue">The pipeline's objects are bound to it.</param>
/// <param name="ByName">Their property of its name is.</param>
internal sealed record ParameterPlace(string? Set, bool Mandatory, int? Position, bool ByValue, bool ByName);

/// <summary>The type of a parameter's values, as it is shown.</summary>
/// <param name="Name">Short, such as <c>String[]</c>.</param>
/// <param name="FullName">With its namespace.</param>
/// <param name="Words">All the words that it takes; empty where they are not counted.</param>
internal sealed record ParameterType(string Name, string FullName, IReadOnlyList<string> Words)
{
    public bool IsSwitch => Name == "SwitchParameter";
}
