using System.Text.Json;

namespace PgQueue.Protocol;

/// <summary>
/// A task's spec on its way to its child: its members one by one, texts as they are and all else as JSON, so that a
/// child whose task has no arguments needs no JSON parser, whose start takes 10 ms.
/// </summary>
/// <param name="All">The members.</param>
internal sealed record SpecMembers(IReadOnlyList<SpecMember> All)
{
    public static SpecMembers None { get; } = new([]);

    /// <summary>The members of a spec.</summary>
    /// <exception cref="InvalidOperationException">It is no JSON object.</exception>
    public static SpecMembers Of(JsonElement spec)
    {
        var members = new List<SpecMember>();
        foreach (var member in spec.EnumerateObject())
        {
            var isText = member.Value.ValueKind == JsonValueKind.String;
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                members.Add(new SpecMember(member.Name, isText, isText ? member.Value.GetString()! : member.Value.GetRawText()));
            }
        }

        return new SpecMembers(members);
    }

    /// <summary>A member; null where it is not there.</summary>
    public SpecMember? Find(string name)
    {
        foreach (var member in All)
        {
            if (member.Name == name)
            {
                return member;
            }
        }

        return null;
    }
}

/// <summary>A member of a spec.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsText">Its value is a text.</param>
/// <param name="Value">The text, or JSON.</param>
internal sealed record SpecMember(string Name, bool IsText, string Value);
