using System.Collections.Concurrent;
using System.Text;

namespace PgQueue;

/// <summary>Enumerations as the database spells them: <c>ExitCode</c> is <c>exit_code</c>.</summary>
internal static class DbWords
{
    public static T Parse<T>(string word)
        where T : struct, Enum => Enum.Parse<T>(word.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    public static string Of<T>(T value)
        where T : struct, Enum => Known<T>.Words.GetOrAdd(value, Spell);

    private static string Spell<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        var word = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsUpper(name[i]))
            {
                word.Append('_');
            }

            word.Append(char.ToLowerInvariant(name[i]));
        }

        return word.ToString();
    }

    private static class Known<T>
        where T : struct, Enum
    {
        public static readonly ConcurrentDictionary<T, string> Words = new();
    }
}
