using System.Globalization;
using System.Text;

namespace PgQueue;

/// <summary>The server's settings file, written at each start.</summary>
internal static class ServerConfiguration
{
    public static string Text(ServerHome home, string host, int port, IReadOnlyDictionary<string, string> settings)
    {
        var isSocket = Path.IsPathFullyQualified(host);
        var text = new StringBuilder()
            .AppendLine("# Written at each start. Settings made with ALTER SYSTEM are read after these and last.")
            .AppendLine(Invariant($"include {Quote(Path.GetRelativePath(home.Root, home.Cluster) + "/postgresql.conf")}"));
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["listen_addresses"] = isSocket ? "" : host,
            ["port"] = port.ToString(CultureInfo.InvariantCulture),
            // A list; the double quotes keep a name with spaces together.
            ["unix_socket_directories"] = isSocket ? $"\"{host}\"" : "",
            ["unix_socket_permissions"] = "0700",
            ["password_encryption"] = "scram-sha-256",
            ["max_connections"] = "200",
            ["fsync"] = "on",
            ["log_destination"] = "stderr",
            ["logging_collector"] = "on",
            // One file a weekday, begun anew each week.
            ["log_directory"] = Path.GetFileName(home.LogDirectory),
            ["log_filename"] = "server-%a.log",
            ["log_rotation_age"] = "1d",
            ["log_rotation_size"] = "0",
            ["log_truncate_on_rotation"] = "on",
            ["log_line_prefix"] = "%m [%p] ",
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        foreach (var (name, value) in all)
        {
            text.AppendLine(Invariant($"{name} = {Quote(value)}"));
        }

        return text.ToString();
    }

    private static string Quote(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
