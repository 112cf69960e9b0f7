using System.Security.Cryptography;

namespace PgQueue;

/// <summary>Makes the data directory of a new server.</summary>
internal static class ClusterInitializer
{
    private const int PasswordBits = 192;

    /// <summary>
    /// Runs initdb beside the final place and renames, so that an interrupted one is never taken for complete.
    /// The password is in place before the data is.
    /// </summary>
    public static async Task RunAsync(
        ServerHome home, PostgresBinaries binaries, ServerAccount account, bool durable, CancellationToken cancellationToken)
    {
        await account.DeleteDirectoryAsync(home.NewCluster, cancellationToken).ConfigureAwait(false);
        await account.DeleteDirectoryAsync(home.Cluster, cancellationToken).ConfigureAwait(false);
        var password = RandomNumberGenerator.GetHexString(PasswordBits / 4, lowercase: true);
        PrivateFile.Replace(home.PasswordFile, password + "\n");
        try
        {
            PrivateFile.Create(home.InitPasswordFile, password + "\n");
            account.TakeOver(home.InitPasswordFile);
            account.MakePrivateDirectory(home.NewCluster);
            await InitAsync(home, binaries, account, durable, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(home.InitPasswordFile);
        }

        Directory.Move(home.NewCluster, home.Cluster);
    }

    private static async Task InitAsync(
        ServerHome home, PostgresBinaries binaries, ServerAccount account, bool durable, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            $"--pgdata={home.NewCluster}", $"--username={ServerConnection.Superuser}", $"--pwfile={home.InitPasswordFile}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
        ];
        if (!durable)
        {
            arguments.Add("--no-sync");
        }

        var result = await account.RunAsync(binaries.Initdb, arguments, home.Root, killTree: true, cancellationToken).ConfigureAwait(false);
        if (!result.Succeeded)
        {
            throw new EmbeddedServerException(
                $"initdb of PostgreSQL {binaries.Version} in '{home.NewCluster}' ended with exit code {result.ExitCode}. It said:{Environment.NewLine}{result.Output}");
        }
    }
}
