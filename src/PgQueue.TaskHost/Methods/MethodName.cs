namespace PgQueue.TaskHost.Methods;

/// <summary>A method as a task names it: <c>Namespace.Type::Method</c>.</summary>
/// <param name="Type">The type's full name; a nested one after a plus sign.</param>
/// <param name="Method">The method's name.</param>
internal sealed record MethodName(string Type, string Method)
{
    /// <exception cref="TaskSetupException">The text does not have that form.</exception>
    public static MethodName Parse(string text)
    {
        var at = text.IndexOf("::", StringComparison.Ordinal);
        var type = at < 0 ? string.Empty : text[..at].Trim().Trim('[', ']');
        var method = at < 0 ? string.Empty : text[(at + 2)..].Trim().TrimEnd('(', ')');
        return type.Length == 0 || method.Length == 0
            ? throw new TaskSetupException($"'{text}' does not name a method. Write it as Namespace.Type::Method.")
            : new MethodName(type, method);
    }
}
