using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PgQueue.TaskSamples;

/// <summary>Methods that a worker has to survive.</summary>
public static class Misbehaviour
{
    /// <summary>Waits until it is told to stop.</summary>
    public static async Task HangAsync(CancellationToken cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken);

    /// <summary>Waits until it is told to stop, and says before and after that it does.</summary>
    public static async Task HangAndCleanUpAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine("up");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            Console.WriteLine("cleaned up");
        }
    }

    /// <summary>Waits and never looks at a token.</summary>
    public static void HangForever() => Thread.Sleep(Timeout.Infinite);

    /// <summary>Keeps every thread of the pool busy with nothing.</summary>
    public static void StarveThreadPool()
    {
        Console.WriteLine("starving");
        for (var i = 0; i < 200; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Thread.Sleep(Timeout.Infinite), null);
        }

        Spin();
    }

    /// <summary>Counts as fast as it can, for ever.</summary>
    public static void Spin()
    {
        Console.WriteLine("spinning");
        for (ulong n = 0; ; n++)
        {
            if (n == ulong.MaxValue)
            {
                return;
            }
        }
    }

    public static void FailFast(string message) => Environment.FailFast(message);

    public static void Exit(int code) => Environment.Exit(code);

    /// <summary>Dies of a signal, as native code with a bad pointer would.</summary>
    public static void Segfault() => Marshal.WriteInt32(1, 0);

    /// <summary>Throws on a thread of its own, where nobody can catch it.</summary>
    public static void ThrowInBackground()
    {
        new Thread(() => throw new InvalidOperationException("in the background")).Start();
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>Returns, but leaves a foreground thread behind.</summary>
    public static int LeaveThread()
    {
        new Thread(() => Thread.Sleep(Timeout.Infinite)).Start();
        return 1;
    }

    /// <summary>Prints so many megabytes.</summary>
    public static void Print(int megabytes)
    {
        var line = new string('x', 1023) + "\n";
        for (var i = 0; i < megabytes * 1024; i++)
        {
            Console.Out.Write(line);
        }
    }

    /// <summary>Prints all 256 byte values, half a line, escape codes, and what looks like a frame of the protocol.</summary>
    public static void PrintBinary()
    {
        using var output = Console.OpenStandardOutput();
        output.Write([.. Enumerable.Range(0, 256).Select(b => (byte)b)]);
        output.Write("\n\e[31mred\e[0m\n"u8);
        output.Write([20, 0, 0, 0]);
        output.Write("""{"ended":{"outcome":"Completed"}}"""u8);
        output.Write("half a line"u8);
    }

    /// <summary>Closes standard output and error, then goes on.</summary>
    public static int CloseOutput()
    {
        Console.OpenStandardOutput().Dispose();
        _ = close(1);
        _ = close(2);
        return 7;
    }

    /// <summary>Starts a process that outlives it, unless the whole tree is ended, and returns its id.</summary>
    public static int SpawnGrandchild(int seconds) => Start("sleep", seconds).Id;

    /// <summary>Starts a process in a session of its own, prints its id, and hangs.</summary>
    public static void SpawnDetachedAndHang(int seconds)
    {
        using var process = Start("setsid", "sleep", seconds);
        Console.WriteLine($"pid {process.Id}");
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>Starts a process, prints its id, and hangs.</summary>
    public static void SpawnAndHang(int seconds)
    {
        using var process = Start("sleep", seconds);
        Console.WriteLine($"pid {process.Id}");
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>Takes so many megabytes, touches them all and keeps them for so many seconds.</summary>
    public static long Allocate(int megabytes, int seconds)
    {
        var kept = new List<byte[]>();
        for (var i = 0; i < megabytes; i++)
        {
            var block = new byte[1024 * 1024];
            Array.Fill(block, (byte)1);
            kept.Add(block);
        }

        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        return kept.Sum(b => (long)b.Length);
    }

    /// <summary>Returns an object so many levels deep.</summary>
    public static Node Nest(int depth)
    {
        var node = new Node { Name = "innermost" };
        for (var level = 1; level < depth; level++)
        {
            node = new Node { Name = "level", Next = node };
        }

        return node;
    }

    private static Process Start(string file, params object[] arguments) =>
        Process.Start(new ProcessStartInfo(file, arguments.Select(a => a.ToString()!)) { UseShellExecute = false })!;

    [DllImport("libc", EntryPoint = "close")]
    private static extern int close(int descriptor);
}
