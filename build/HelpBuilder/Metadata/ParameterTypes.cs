using System.Reflection;

namespace PgQueue.HelpBuilder.Metadata;

/// <summary>The types of parameters as they are shown.</summary>
internal static class ParameterTypes
{
    /// <param name="property">The parameter.</param>
    /// <param name="words">All that it takes; its type says it where empty.</param>
    public static ParameterType Of(PropertyInfo property, IReadOnlyList<string> words)
    {
        var type = Required(property.PropertyType);
        var element = type.IsArray ? Required(type.GetElementType()!) : type;
        var brackets = type.IsArray ? "[]" : "";
        return new ParameterType(
            Shown(element) + brackets,
            element.FullName + brackets,
            words.Count > 0 ? words : element.IsEnum ? [.. element.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => f.Name)] : []);
    }

    /// <summary>The type itself where it may be null.</summary>
    private static Type Required(Type type) => type is { IsGenericType: true, GenericTypeArguments: [var only] } ? only : type;

    /// <summary>A type that is made from one of several others goes by their names: nobody writes its own.</summary>
    private static string Shown(Type type)
    {
        var sources = type.GetConstructors().Select(c => c.GetParameters()).ToList();
        return type.Namespace == "PgQueue.PowerShell" && sources.Count > 1 && sources.TrueForAll(p => p.Length == 1)
            ? string.Join('|', sources.Select(p => p[0].ParameterType.Name))
            : type.Name;
    }
}
