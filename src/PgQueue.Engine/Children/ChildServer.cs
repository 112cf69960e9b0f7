using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Where children connect: a Unix domain socket in a folder that only this user can enter.</summary>
internal sealed class ChildServer : IAsyncDisposable
{
    private static readonly TimeSpan HelloTime = TimeSpan.FromSeconds(30);

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<FrameStream>> _expected = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;

    /// <param name="folder">Of <see cref="NewFolder"/>; is made, and removed at the end.</param>
    public ChildServer(string folder)
    {
        Folder = folder;
        MakePrivate(folder);
        SocketPath = Path.Combine(Folder, "worker");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(64);
        _accepting = AcceptAsync();
    }

    public string Folder { get; }

    public string SocketPath { get; }

    /// <summary>A path for the folder.</summary>
    public static string NewFolder() => Path.Combine(Path.GetTempPath(), SecretName.New());

    /// <summary>Expects a child: its token, and its connection once it has shown the token.</summary>
    public (string Token, Task<FrameStream> Connection) Expect()
    {
        var token = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var connection = new TaskCompletionSource<FrameStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        _expected[token] = connection;
        return (token, connection.Task);
    }

    public void Forget(string token) => _expected.TryRemove(token, out _);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        _closing.Dispose();
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The guardian was quicker.
        }
    }

    private static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder); // The user's own temporary folder is closed to others there.
            return;
        }

        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_closing.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (_closing.IsCancellationRequested && (e is OperationCanceledException or SocketException or ObjectDisposedException))
            {
                return;
            }
            catch (SocketException)
            {
                // Out of descriptors, or a child that hung up while it connected: the next one must still be let in.
                await Task.Delay(100, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            _ = GreetAsync(new FrameStream(new NetworkStream(socket, ownsSocket: true)));
        }
    }

    private async Task GreetAsync(FrameStream connection)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        time.CancelAfter(HelloTime);
        try
        {
            if (await connection.ReadAsync(time.Token).ConfigureAwait(false) is { Hello: { } hello }
                && _expected.TryRemove(hello.Token, out var child))
            {
                if (hello.Version == Hello.CurrentVersion)
                {
                    child.TrySetResult(connection);
                    return;
                }

                child.TrySetException(new InvalidOperationException(
                    $"The task host speaks version {hello.Version} of the protocol, this worker {Hello.CurrentVersion}: they come from different installs."));
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or OperationCanceledException)
        {
            // Whoever that was, it was none of ours, or has died: its own process's end tells the rest.
        }

        connection.Dispose();
    }
}
