using System.Text.Json;

namespace PgQueue.Protocol;

/// <summary>
/// What a task of kind <c>script</c> runs with, beside its text. A value is plain JSON, or
/// <c>{"$clixml": "…"}</c> where JSON can't carry it (see <see cref="ClixmlProperty"/>).
/// </summary>
internal sealed record ScriptSpec
{
    /// <summary>The one property of a JSON object that stands for a value kept as CLIXML.</summary>
    public const string ClixmlProperty = "$clixml";

    /// <summary>Arguments by position.</summary>
    public IReadOnlyList<JsonElement>? Args { get; init; }

    /// <summary>Arguments by name.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Params { get; init; }

    /// <summary>Values of the script's <c>$using:</c> variables, by the text after <c>$using:</c>, lower case.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Using { get; init; }

    /// <summary>A .ps1 file to run in place of a script text.</summary>
    public string? File { get; init; }

    /// <summary>Modules to import before the script, by name or path.</summary>
    public IReadOnlyList<string>? Modules { get; init; }

    /// <summary>Working directory; the worker's where null.</summary>
    public string? Cwd { get; init; }

    /// <summary>Environment variables to set; a null value removes one.</summary>
    public IReadOnlyDictionary<string, string?>? Env { get; init; }
}

/// <summary>What a task of kind <c>method</c> runs: a public static method.</summary>
internal sealed record MethodSpec
{
    /// <summary>Path of the assembly.</summary>
    public required string Assembly { get; init; }

    /// <summary><c>Namespace.Type::Method</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Arguments by position.</summary>
    public IReadOnlyList<JsonElement>? Args { get; init; }

    /// <summary>Arguments by parameter name.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Params { get; init; }

    /// <summary>Working directory; the worker's where null.</summary>
    public string? Cwd { get; init; }

    /// <summary>Environment variables to set; a null value removes one.</summary>
    public IReadOnlyDictionary<string, string?>? Env { get; init; }
}

/// <summary>What a task of kind <c>command</c> runs: an executable.</summary>
internal sealed record CommandSpec
{
    /// <summary>Path of the executable, or its name to be found in PATH.</summary>
    public required string File { get; init; }

    /// <summary>Its arguments, one each; no shell reads them.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Exit codes that count as success; 0 alone where null.</summary>
    public IReadOnlyList<int>? SuccessCodes { get; init; }

    /// <summary>Working directory; the worker's where null.</summary>
    public string? Cwd { get; init; }

    /// <summary>Environment variables to set; a null value removes one.</summary>
    public IReadOnlyDictionary<string, string?>? Env { get; init; }
}
