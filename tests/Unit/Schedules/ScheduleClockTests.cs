using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>A worker whose clock is wrong: it gets another time from the C library than the database does.</summary>
public sealed class ScheduleClockTests
{
    private const string Shim = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <time.h>

        int clock_gettime(clockid_t id, struct timespec *now)
        {
            static int (*real)(clockid_t, struct timespec *);
            if (!real)
                real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
            int result = real(id, now);
            if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
                now->tv_sec += atol(getenv("CLOCK_OFFSET"));
            return result;
        }
        """;

    [Theory]
    [InlineData(-120)]
    [InlineData(120)]
    public async Task With_a_clock_two_minutes_wrong_a_worker_fires_and_runs_on_time(int seconds)
    {
        var folder = Directory.CreateTempSubdirectory("pgqueue-clock-").FullName;
        try
        {
            var environment = new Dictionary<string, string>
            {
                ["LD_PRELOAD"] = await CompileAsync(folder),
                ["CLOCK_OFFSET"] = seconds.ToString(CultureInfo.InvariantCulture),
            };
            await using var queue = await ScheduleQueue.CreateAsync();
            await queue.Client.RegisterScheduleAsync(ScheduleQueue.Hourly("second") with { Cron = "* * * * * *", Overlap = OverlapPolicy.Allow });
            await using var worker = await HostProcess.WorkerAsync(queue.Queue, environment);
            Assert.True(IsShifted(worker.Output, seconds), worker.Output);

            // Others may keep this machine busy: some ticks may be later, none earlier.
            await Until.TrueAsync(async () => await queue.NumberAsync(
                "select count(*) from {schema}.history where state = 'completed' and created_at <= tick + interval '1 second' and started_at <= tick + interval '3 seconds'") >= 3);
            Assert.Equal(0, await queue.NumberAsync("select count(*) from {schema}.tasks where created_at < tick"));
            worker.Terminate();
            await worker.WaitAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The worker's log shows its own time.</summary>
    private static bool IsShifted(string output, int seconds)
    {
        var shown = DateTime.Parse(output[..23], CultureInfo.InvariantCulture);
        return Math.Abs((shown - DateTime.Now).TotalSeconds - seconds) < 20;
    }

    private static async Task<string> CompileAsync(string folder)
    {
        var compiler = Executables.Find("cc", Environment.GetEnvironmentVariable("PATH"), folder);
        Assert.SkipWhen(compiler is null || !OperatingSystem.IsLinux(), "There is no C compiler on PATH: a wrong clock can't be made.");
        var (source, library) = (Path.Combine(folder, "clock.c"), Path.Combine(folder, "clock.so"));
        await File.WriteAllTextAsync(source, Shim);
        using var process = Process.Start(compiler!, ["-shared", "-fPIC", "-o", library, source, "-ldl"]);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return library;
    }
}
