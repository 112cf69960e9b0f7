namespace PgQueue;

/// <summary>Deletes a server with its data.</summary>
internal sealed class ServerRemover(ServerHome home, EmbeddedServerOptions options)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using (var held = await ServerLock.AcquireAsync(home, create: false, cancellationToken).ConfigureAwait(false))
        {
            if (held is null)
            {
                return;
            }

            if (ServerState.Load(home) is { } state)
            {
                state.ThrowUnlessCallers(home);
                await new ServerStopper(home, options).RunAsync(state, ServerStopMode.Immediate, cancellationToken).ConfigureAwait(false);
                await DeleteDirectoriesAsync(state, cancellationToken).ConfigureAwait(false);
            }

            foreach (var file in home.Files)
            {
                File.Delete(file);
            }

            ThrowIfMoreIsLeft();

            // While it is held: whoever waits for it sees that it is gone and makes a new one.
            File.Delete(home.LockFile);
        }

        DeleteRoot();
    }

    private async Task DeleteDirectoriesAsync(ServerState state, CancellationToken cancellationToken)
    {
        var account = await ServerAccount.ResolveAsync(state.Account, cancellationToken).ConfigureAwait(false);
        await SocketDirectory.RemoveAsync(home, state, account, cancellationToken).ConfigureAwait(false);
        foreach (var directory in home.Directories)
        {
            await account.DeleteDirectoryAsync(directory, cancellationToken).ConfigureAwait(false);
        }
    }

    private void ThrowIfMoreIsLeft()
    {
        var left = Directory.EnumerateFileSystemEntries(home.Root).Where(entry => entry != home.LockFile).Select(Path.GetFileName).ToList();
        if (left.Count > 0)
        {
            throw new EmbeddedServerException(
                $"The embedded server in '{home.Root}' was removed, but the folder also holds {string.Join(", ", left)}, not of its making. They were left; delete the folder yourself.");
        }
    }

    private void DeleteRoot()
    {
        try
        {
            Directory.Delete(home.Root);
        }
        catch (IOException) when (Directory.Exists(home.Root) && Directory.EnumerateFileSystemEntries(home.Root).Any())
        {
            // Another process has begun a new server in it.
        }
        catch (DirectoryNotFoundException)
        {
            // Another process removed it, too.
        }
    }
}
