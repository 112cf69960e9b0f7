using System.Diagnostics.CodeAnalysis;
using PgQueue.Protocol;
using PgQueue.TaskHost.Wire;

namespace PgQueue.TaskHost;

/// <summary>
/// The child's end of the worker's socket. A thread of its own listens, so that the worker's death is noticed even
/// while the task keeps the thread pool or every core busy; the process then ends itself.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It lives as long as the process.")]
internal sealed class ControlChannel
{
    private readonly WorkerLine line;
    private readonly MessageWriter writer = new();
    private readonly Lock writing = new();
    private readonly ManualResetEventSlim runCame = new();
    private CancellationTokenSource stopping = new();
    private readonly Lock asking = new();
    private Dictionary<long, TaskCompletionSource<TasksAdded>>? asked;
    private RunTask? run;
    private long lastAsked;

    private ControlChannel(WorkerLine line) => this.line = line;

    /// <summary>Cancelled when the worker asks the task to stop.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Connects and starts to listen.</summary>
    /// <exception cref="IOException">Nobody listens there.</exception>
    public static ControlChannel Connect(string path)
    {
        var channel = new ControlChannel(WorkerLine.Connect(path));
        new Thread(channel.Listen) { IsBackground = true, Name = "worker's voice" }.Start();
        return channel;
    }

    public void SendHello(string token) => Send(new ChildMessage
    {
        Hello = new Hello { Version = Hello.CurrentVersion, Token = token, ProcessId = Environment.ProcessId },
    });

    /// <summary>Waits so long for the task at most, and says whether it has come.</summary>
    public bool RunComesWithin(TimeSpan time) => runCame.Wait(time, CancellationToken.None);

    public RunTask WaitForRun()
    {
        runCame.Wait(CancellationToken.None);
        return run!;
    }

    /// <summary>Gets ready for another task, which the worker sends only when it has been told so.</summary>
    public void Renew()
    {
        stopping = new CancellationTokenSource();
        runCame.Reset();
    }

    /// <summary>Sends a message; ends the process where the worker is gone.</summary>
    public void Send(ChildMessage message)
    {
        bool sent;
        lock (writing)
        {
            sent = line.SendFrame(writer.Write(message));
        }

        if (!sent)
        {
            Orphan.EndProcess();
        }
    }

    /// <summary>Asks the worker to add tasks, and waits for its answer.</summary>
    /// <param name="request">Makes the request with the number it is given.</param>
    public TasksAdded Ask(Func<long, AddTasks> request)
    {
        var id = Interlocked.Increment(ref lastAsked);

        // What waits may be the thread pool's last thread, so the answer must not need another.
        var answer = new TaskCompletionSource<TasksAdded>();
        lock (asking)
        {
            (asked ??= [])[id] = answer;
        }

        Send(new ChildMessage { Add = request(id) });
        return answer.Task.GetAwaiter().GetResult();
    }

    private void Listen()
    {
        try
        {
            while (line.ReceiveFrame() is { } frame)
            {
                Receive(WorkerFrame.Read(frame));
            }
        }
        catch (InvalidDataException e)
        {
            // A worker of another version: its log shows what a child printed.
            Console.Error.WriteLine("PgQueue.TaskHost ends, since it does not understand its worker. " + e.Message);
        }

        Orphan.EndProcess();
    }

    private void Receive(WorkerMessage message)
    {
        if (message.Run is not null)
        {
            run = message.Run;
            runCame.Set();
        }

        if (message.Added is { } added)
        {
            Answer(added);
        }

        if (message.Stop is not null)
        {
            // What stopping calls belongs to the task and may block; this thread has to go on listening.
            new Thread(stopping.Cancel) { IsBackground = true, Name = "stop" }.Start();
        }
    }

    private void Answer(TasksAdded added)
    {
        TaskCompletionSource<TasksAdded>? waiting = null;
        lock (asking)
        {
            asked?.Remove(added.Id, out waiting);
        }

        waiting?.SetResult(added);
    }
}
