using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>
/// The child's end of the worker's socket. A thread of its own reads it, blocking, so that the worker's death is
/// noticed even while the task keeps the thread pool or every core busy; the process then ends itself.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It lives as long as the process.")]
internal sealed class ControlChannel
{
    private readonly FrameStream frames;
    private readonly Lock writing = new();
    private readonly ManualResetEventSlim runCame = new();
    private readonly CancellationTokenSource stopping = new();
    private RunTask? run;

    private ControlChannel(Socket socket) => frames = new FrameStream(new BlockingSocketStream(socket));

    /// <summary>Cancelled when the worker asks the task to stop.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Connects and starts to listen.</summary>
    public static ControlChannel Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        var channel = new ControlChannel(socket);
        new Thread(channel.Listen) { IsBackground = true, Name = "worker's voice" }.Start();
        return channel;
    }

    public void SendHello(string token) => Send(new Message
    {
        Hello = new Hello { Version = Hello.CurrentVersion, Token = token, ProcessId = Environment.ProcessId },
    });

    /// <summary>Whether the task has come already.</summary>
    public bool HasRun() => runCame.IsSet;

    public RunTask WaitForRun()
    {
        runCame.Wait(CancellationToken.None);
        return run!;
    }

    /// <summary>Sends a message; ends the process where the worker is gone.</summary>
    public void Send(Message message)
    {
        try
        {
            lock (writing)
            {
                frames.WriteAsync(message, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            }
        }
        catch (SocketException)
        {
            Orphan.EndProcess();
        }
    }

    private void Listen()
    {
        try
        {
            while (frames.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() is { } message)
            {
                Receive(message);
            }
        }
        catch (SocketException)
        {
            // Reset instead of closed: the worker died with something unread.
        }
        finally
        {
            Orphan.EndProcess();
        }
    }

    private void Receive(Message message)
    {
        if (message.Run is not null)
        {
            run = message.Run;
            runCame.Set();
        }

        if (message.Stop is not null)
        {
            // What stopping calls belongs to the task and may block; this thread has to go on listening.
            new Thread(stopping.Cancel) { IsBackground = true, Name = "stop" }.Start();
        }
    }
}
