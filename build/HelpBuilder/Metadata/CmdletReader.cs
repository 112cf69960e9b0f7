using System.Reflection;

namespace PgQueue.HelpBuilder.Metadata;

/// <summary>Reads a cmdlet from its class.</summary>
internal static class CmdletReader
{
    private const string Automation = "System.Management.Automation.";

    /// <summary>The cmdlet that a class is; null where it is none.</summary>
    public static CmdletInfo? Read(Type type)
    {
        if (type.IsAbstract || Find(type, "CmdletAttribute") is not { } cmdlet)
        {
            return null;
        }

        var parameters = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(Parameter).OfType<ParameterInfo>();
        return new CmdletInfo(
            (string)cmdlet.ConstructorArguments[0].Value!,
            (string)cmdlet.ConstructorArguments[1].Value!,
            (string?)Named(cmdlet, "DefaultParameterSetName"),
            [.. parameters, .. Named(cmdlet, "SupportsShouldProcess") is true ? Asking() : []]);
    }

    /// <summary>What PowerShell adds to a cmdlet that asks before it changes something.</summary>
    private static IEnumerable<ParameterInfo> Asking()
    {
        var type = new ParameterType("SwitchParameter", Automation + "SwitchParameter", []);
        ParameterPlace[] anywhere = [new ParameterPlace(null, false, null, false, false)];
        yield return new ParameterInfo("WhatIf", type, anywhere) { Aliases = ["wi"] };
        yield return new ParameterInfo("Confirm", type, anywhere) { Aliases = ["cf"] };
    }

    private static ParameterInfo? Parameter(PropertyInfo property)
    {
        var places = All(property, "ParameterAttribute").Select(Place).ToList();
        return places.Count == 0 ? null : new ParameterInfo(property.Name, ParameterTypes.Of(property, Words(property, "ValidateSetAttribute")), places)
        {
            Aliases = Words(property, "AliasAttribute"),
            Globs = All(property, "SupportsWildcardsAttribute").Any(),
        };
    }

    private static ParameterPlace Place(CustomAttributeData attribute) => new(
        (string?)Named(attribute, "ParameterSetName"),
        Named(attribute, "Mandatory") is true,
        (int?)Named(attribute, "Position"),
        Named(attribute, "ValueFromPipeline") is true,
        Named(attribute, "ValueFromPipelineByPropertyName") is true);

    private static IReadOnlyList<string> Words(PropertyInfo property, string attribute) =>
        [.. All(property, attribute)
            .SelectMany(a => (IEnumerable<CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!)
            .Select(a => (string)a.Value!)];

    private static CustomAttributeData? Find(MemberInfo member, string name) => All(member, name).FirstOrDefault();

    private static IEnumerable<CustomAttributeData> All(MemberInfo member, string name) =>
        member.GetCustomAttributesData().Where(a => a.AttributeType.FullName == Automation + name);

    private static object? Named(CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.Where(a => a.MemberName == name).Select(a => a.TypedValue.Value).FirstOrDefault();
}
