using System.Globalization;
using System.Runtime.InteropServices;

namespace PgQueue;

/// <summary>
/// The operating system's user that PostgreSQL runs as: the caller, or, because PostgreSQL refuses to run as
/// root, an unprivileged one when the caller is root.
/// </summary>
internal sealed partial class ServerAccount
{
    private readonly string[] _switch;
    private readonly uint _userId;
    private readonly uint _groupId;

    private ServerAccount(string? name, string[] switchUser, uint userId, uint groupId)
    {
        Name = name;
        _switch = switchUser;
        _userId = userId;
        _groupId = groupId;
    }

    public static bool CallerIsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>The unprivileged user's name; null where the caller runs the server itself.</summary>
    public string? Name { get; }

    /// <summary>The account to use.</summary>
    /// <param name="recorded">The account that owns the existing data, if there is some.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public static async Task<ServerAccount> ResolveAsync(string? recorded, CancellationToken cancellationToken)
    {
        if (!CallerIsRoot)
        {
            return new ServerAccount(null, [], 0, 0);
        }

        string[] names = recorded is null ? ["postgres", "nobody"] : [recorded];
        foreach (var name in names)
        {
            if (await IdAsync("-u", name, cancellationToken).ConfigureAwait(false) is { } user and not 0
                && await IdAsync("-g", name, cancellationToken).ConfigureAwait(false) is { } group)
            {
                var tool = await FindSwitchAsync(name, user, group, cancellationToken).ConfigureAwait(false);
                return new ServerAccount(name, tool, user, group);
            }
        }

        throw new EmbeddedServerException(
            $"PostgreSQL refuses to run as root, and there is no user {string.Join(" or ", names)} to run it as. Create one, for instance with 'useradd --system postgres', or run as an ordinary user.");
    }

    /// <summary>Runs a tool as this user to its end.</summary>
    public Task<CommandResult> RunAsync(
        string file, IEnumerable<string> arguments, string workingDirectory, bool killTree, CancellationToken cancellationToken)
    {
        string[] line = [.. _switch, file, .. arguments];
        return ServerCommand.RunAsync(line[0], line.Skip(1), workingDirectory, killTree, cancellationToken);
    }

    /// <summary>Runs a script of sh as this user, in bash where there is one; its arguments are $1, $2 and so on. Unix only.</summary>
    public Task<CommandResult> RunScriptAsync(
        string script, IEnumerable<string> arguments, string workingDirectory, CancellationToken cancellationToken) =>
        RunAsync(File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh", ["-c", script, "sh", .. arguments], workingDirectory, killTree: false, cancellationToken);

    /// <summary>Gives a file or folder to this user.</summary>
    public void TakeOver(string path)
    {
        if (Name is not null && ChangeOwner(path, _userId, _groupId) != 0)
        {
            throw new EmbeddedServerException($"'{path}' could not be given to user {Name}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>A folder only this user may enter, empty.</summary>
    public string MakePrivateDirectory(string path)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            TakeOver(path);
        }

        return path;
    }

    /// <summary>Deletes a folder of this user's, as this user: root would follow links that were planted meanwhile.</summary>
    /// <exception cref="IOException">Something in it could not be deleted.</exception>
    public async Task DeleteDirectoryAsync(string path, CancellationToken cancellationToken)
    {
        if (Name is null || !Directory.Exists(path))
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }

            return;
        }

        // Its exit code says nothing: the last step, the empty folder itself, may need root.
        var result = await RunScriptAsync("rm -rf -- \"$1\"", [path], "/", cancellationToken).ConfigureAwait(false);
        if (Directory.Exists(path))
        {
            if (Directory.EnumerateFileSystemEntries(path).Any())
            {
                throw new IOException($"'{path}' could not be emptied as user {Name}: {result.Output}");
            }

            Directory.Delete(path);
        }
    }

    private static async Task<uint?> IdAsync(string what, string name, CancellationToken cancellationToken)
    {
        var result = await ServerCommand.RunAsync("id", [what, name], "/", killTree: false, cancellationToken).ConfigureAwait(false);
        return result.Succeeded && long.TryParse(result.Output, NumberStyles.Integer, CultureInfo.InvariantCulture, out var id)
            ? unchecked((uint)id)
            : null;
    }

    /// <summary>The first way of becoming another user that works here; none of them asks for a password as root.</summary>
    private static async Task<string[]> FindSwitchAsync(string name, uint user, uint group, CancellationToken cancellationToken)
    {
        string[][] ways =
        [
            ["setpriv", $"--reuid={user}", $"--regid={group}", "--init-groups", "--"],
            ["runuser", "-u", name, "--"],
            ["sudo", "-n", "-u", name, "--"],
            ["su", "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", name, "--"],
        ];
        var failures = new List<string>();
        foreach (var way in ways.Where(way => ExecutablePath.Find(way[0]) is not null))
        {
            try
            {
                string[] line = [.. way, "id", "-u"];
                var result = await ServerCommand.RunAsync(line[0], line.Skip(1), "/", killTree: false, cancellationToken).ConfigureAwait(false);
                if (result.Succeeded && result.Output == user.ToString(CultureInfo.InvariantCulture))
                {
                    return way;
                }

                failures.Add($"{way[0]}: {result.Output}");
            }
            catch (EmbeddedServerException e)
            {
                // The next one may do; if none does, this one's reason is told.
                failures.Add(e.Message);
            }
        }

        throw new EmbeddedServerException(
            $"PostgreSQL refuses to run as root, and none of setpriv, runuser, sudo and su could run it as user {name} ({string.Join("; ", failures)}). Install util-linux, or run as an ordinary user.");
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint userId, uint groupId);
}
