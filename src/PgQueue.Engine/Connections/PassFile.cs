using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace PgQueue;

/// <summary>
/// Passwords in a file as libpq's <c>.pgpass</c>: host:port:database:user:password. Npgsql reads it too, but asks PGPASSWORD
/// first; what a connection string names must win over what happens to be set.
/// </summary>
internal static partial class PassFile
{
    private const int Fields = 5;

    /// <summary>Gives settings that name a file, and no password, the password that the file has for them, if it has one.</summary>
    /// <exception cref="QueueException">The file is there and can't be read.</exception>
    public static void Apply(NpgsqlConnectionStringBuilder settings)
    {
        if (!string.IsNullOrEmpty(settings.Password) || string.IsNullOrEmpty(settings.Passfile) || !File.Exists(settings.Passfile))
        {
            return;
        }

        string?[] wanted = [settings.Host, settings.Port.ToString(CultureInfo.InvariantCulture), settings.Database ?? settings.Username, settings.Username];
        foreach (var line in Read(settings.Passfile))
        {
            var fields = line.StartsWith('#') ? [] : Colon().Split(line).Select(Unescape).ToArray();
            if (fields.Length >= Fields && wanted.Zip(fields).All(pair => pair.Second == "*" || pair.Second == pair.First))
            {
                settings.Password = fields[Fields - 1];
                return;
            }
        }
    }

    private static string[] Read(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new QueueException(QueueError.InvalidConnectionString, $"The connection string's Passfile '{path}' can't be read: {e.Message}", e);
        }
    }

    private static string Unescape(string field) => Escaped().Replace(field, "$1");

    [GeneratedRegex(@"(?<=(?:\A|[^\\])(?:\\\\)*):", RegexOptions.CultureInvariant)]
    private static partial Regex Colon();

    [GeneratedRegex(@"\\([\\:])", RegexOptions.CultureInvariant)]
    private static partial Regex Escaped();
}
