using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using System.Text;

namespace PgQueue;

/// <summary>Small files that are written whole or not at all, and survive a loss of power.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The name a file has until it is complete.</summary>
    public static string Unfinished(string path) => path + ".new";

    /// <summary>Writes a file only its owner may read, in place of an older one.</summary>
    public static void Replace(string path, string text) => Replace(path, text, OwnerOnly);

    /// <summary>Writes a file that others may read.</summary>
    public static void ReplaceReadable(string path, string text) =>
        Replace(path, text, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    /// <summary>Makes a file only its owner may read.</summary>
    public static void Create(string path, string text, UnixFileMode mode = OwnerOnly)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        if (OperatingSystem.IsWindows())
        {
            if (mode == OwnerOnly)
            {
                KeepToCaller(path);
            }
        }
        else
        {
            // The umask may have taken away what others need.
            File.SetUnixFileMode(file.SafeFileHandle, mode);
        }

        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    private static void Replace(string path, string text, UnixFileMode mode)
    {
        Create(Unfinished(path), text, mode);
        File.Move(Unfinished(path), path, overwrite: true);
    }

    [SupportedOSPlatform("windows")]
    private static void KeepToCaller(string path)
    {
        using var caller = WindowsIdentity.GetCurrent();
        var security = new FileSecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        security.AddAccessRule(new FileSystemAccessRule(caller.User!, FileSystemRights.FullControl, AccessControlType.Allow));
        new FileInfo(path).SetAccessControl(security);
    }
}
