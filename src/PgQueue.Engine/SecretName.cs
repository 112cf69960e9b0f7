using System.Security.Cryptography;

namespace PgQueue;

/// <summary>Names of folders in a temporary folder that others write to as well.</summary>
internal static class SecretName
{
    /// <summary>A name that nobody can guess, so nobody can have made the folder before.</summary>
    public static string New() => "pgqueue-" + RandomNumberGenerator.GetHexString(16, lowercase: true);
}
