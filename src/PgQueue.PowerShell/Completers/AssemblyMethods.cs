using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PgQueue.PowerShell;

/// <summary>The methods of an assembly that can be tasks, by its metadata: it is neither loaded nor locked.</summary>
internal static class AssemblyMethods
{
    /// <summary>Public static methods of public types, generic ones left out, as Namespace.Type::Method, with their signatures.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="BadImageFormatException">It is no assembly.</exception>
    public static IReadOnlyList<(string Name, string Signature)> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var image = new PEReader(file);
        if (!image.HasMetadata)
        {
            return [];
        }

        var reader = image.GetMetadataReader();
        return [.. reader.TypeDefinitions.Where(handle => IsVisible(reader, handle)).SelectMany(handle => Methods(reader, handle))];
    }

    private static bool IsVisible(MetadataReader reader, TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        return type.GetGenericParameters().Count == 0 && (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic => IsVisible(reader, type.GetDeclaringType()),
            _ => false,
        };
    }

    private static IEnumerable<(string Name, string Signature)> Methods(MetadataReader reader, TypeDefinitionHandle handle)
    {
        const MethodAttributes Wanted = MethodAttributes.Public | MethodAttributes.Static;
        const MethodAttributes Looked = MethodAttributes.MemberAccessMask | MethodAttributes.Static | MethodAttributes.SpecialName;
        var type = FullName(reader, handle);
        foreach (var method in reader.GetTypeDefinition(handle).GetMethods().Select(reader.GetMethodDefinition))
        {
            if ((method.Attributes & Looked) == Wanted && method.GetGenericParameters().Count == 0)
            {
                yield return ($"{type}::{reader.GetString(method.Name)}", Signature(reader, method));
            }
        }
    }

    private static string FullName(MetadataReader reader, TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        var name = reader.GetString(type.Name);
        return type.IsNested ? $"{FullName(reader, type.GetDeclaringType())}+{name}"
            : type.Namespace.IsNil ? name
            : $"{reader.GetString(type.Namespace)}.{name}";
    }

    private static string Signature(MetadataReader reader, MethodDefinition method)
    {
        var signature = method.DecodeSignature(new SignatureText(), null);
        var parameters = method.GetParameters().Select(reader.GetParameter).Where(p => p.SequenceNumber > 0).ToDictionary(p => p.SequenceNumber);
        var shown = signature.ParameterTypes.Select((type, i) => parameters.TryGetValue(i + 1, out var parameter)
            ? Parameter($"{type} {reader.GetString(parameter.Name)}", parameter.Attributes)
            : type);
        return $"{signature.ReturnType} {reader.GetString(method.Name)}({string.Join(", ", shown)})";
    }

    private static string Parameter(string text, ParameterAttributes attributes) =>
        attributes.HasFlag(ParameterAttributes.Optional) ? $"[{text}]" : text;
}
