using System.Globalization;
using Npgsql;

namespace PgQueue;

/// <summary>Reads connection strings: Npgsql's keywords, or a <c>postgresql://</c> URL as libpq knows it.</summary>
public static class ConnectionStrings
{
    /// <summary>libpq's parameters under Npgsql's names. What is missing here has no counterpart.</summary>
    private static readonly Dictionary<string, string> Parameters = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = "Host",
        ["port"] = "Port",
        ["user"] = "Username",
        ["password"] = "Password",
        ["dbname"] = "Database",
        ["passfile"] = "Passfile",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["options"] = "Options",
        ["sslmode"] = "SSL Mode",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["sslrootcert"] = "Root Certificate",
        ["sslnegotiation"] = "SSL Negotiation",
        ["channel_binding"] = "Channel Binding",
        ["target_session_attrs"] = "Target Session Attributes",
        ["client_encoding"] = "Client Encoding",
        ["keepalives_idle"] = "Tcp Keepalive Time",
        ["keepalives_interval"] = "Tcp Keepalive Interval",
        ["krbsrvname"] = "Kerberos Service Name",
    };

    /// <summary>The settings that a connection string stands for.</summary>
    /// <param name="connectionString">Npgsql keywords (<c>Host=db;Username=me;Database=app</c>) or a URL (<c>postgresql://me@db/app</c>).</param>
    /// <exception cref="QueueException">The text can't be read; the message names the part, never a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw Invalid("it is empty");
        }

        return connectionString.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase)
            || connectionString.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            ? ParseUrl(connectionString)
            : ParseKeywords(connectionString);
    }

    /// <summary>The same connection string as Npgsql keywords, with another login.</summary>
    /// <param name="connectionString">Npgsql keywords or a <c>postgresql://</c> URL.</param>
    /// <param name="user">The user.</param>
    /// <param name="password">The user's password.</param>
    /// <exception cref="QueueException">The connection string can't be read.</exception>
    public static string WithLogin(string connectionString, string user, string password)
    {
        var settings = Parse(connectionString);
        settings.Username = user;
        settings.Password = password;
        return settings.ConnectionString;
    }

    /// <summary>
    /// The same connection string as Npgsql keywords, with the password out of the file that its Passfile names: for programs
    /// that can't read that file, such as PgBouncer.
    /// </summary>
    /// <param name="connectionString">Npgsql keywords or a <c>postgresql://</c> URL.</param>
    /// <exception cref="QueueException">The connection string, or the file, can't be read.</exception>
    public static string WithPassword(string connectionString)
    {
        var settings = Parse(connectionString);
        PassFile.Apply(settings);
        return settings.ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder ParseKeywords(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            throw Invalid(e.Message, e);
        }
    }

    private static NpgsqlConnectionStringBuilder ParseUrl(string url)
    {
        var settings = new NpgsqlConnectionStringBuilder();
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
        rest = Cut(rest, '#').Before;
        (rest, var query) = Cut(rest, '?');
        (var authority, var database) = Cut(rest, '/');

        var at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            var (user, password) = Cut(authority[..at], ':');
            SetIfAny(settings, "Username", Unescape(user));
            SetIfAny(settings, "Password", Unescape(password));
        }

        SetHosts(settings, authority[(at + 1)..]);
        SetIfAny(settings, "Database", Unescape(database));

        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Cut(pair, '=');
            name = Unescape(name);
            if (!Parameters.TryGetValue(name, out var keyword))
            {
                throw Invalid($"the URL's parameter '{name}' is not known; known are {string.Join(", ", Parameters.Keys)}");
            }

            Set(settings, keyword, keyword is "Target Session Attributes" or "SSL Mode" ? Dashed(keyword, Unescape(value)) : Unescape(value), name);
        }

        return settings;
    }

    /// <summary>One or more <c>host[:port]</c>, IPv6 addresses in brackets, a socket's folder percent-encoded.</summary>
    private static void SetHosts(NpgsqlConnectionStringBuilder settings, string text)
    {
        if (text.Length == 0)
        {
            settings.Host = "localhost";
            return;
        }

        var hosts = text.Split(',');
        if (hosts.Length == 1)
        {
            var (host, port) = SplitPort(hosts[0]);
            SetIfAny(settings, "Host", Unescape(host.Trim('[', ']')));
            if (port.Length > 0)
            {
                Set(settings, "Port", port, "port");
            }

            return;
        }

        settings.Host = string.Join(',', hosts.Select(Unescape));
    }

    private static (string Host, string Port) SplitPort(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon < 0 || text.EndsWith(']') ? (text, "") : (text[..colon], text[(colon + 1)..]);
    }

    private static string Dashed(string keyword, string value) => keyword == "SSL Mode"
        ? value.Replace("-", "", StringComparison.Ordinal)
        : value;

    private static void SetIfAny(NpgsqlConnectionStringBuilder settings, string keyword, string value)
    {
        if (value.Length > 0)
        {
            Set(settings, keyword, value, keyword);
        }
    }

    private static void Set(NpgsqlConnectionStringBuilder settings, string keyword, string value, string name)
    {
        try
        {
            settings[keyword] = value;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            var shown = keyword.Contains("Password", StringComparison.Ordinal) ? "that value" : $"'{value}'";
            throw Invalid($"'{name}' can't be {shown}: {e.Message}", e);
        }
    }

    private static (string Before, string After) Cut(string text, char separator)
    {
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text);

    private static QueueException Invalid(string why, Exception? inner = null) => new(
        QueueError.InvalidConnectionString,
        string.Create(CultureInfo.InvariantCulture, $"The connection string can't be used: {why.TrimEnd('.')}. Write Host=…;Username=…;Password=…;Database=… or postgresql://user:password@host:port/database."),
        inner);
}
