using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using PgQueue.Chaos;

var minutes = new Option<double>("--minutes") { Description = "How long harm is done; 1.", DefaultValueFactory = _ => 1 };
var seed = new Option<int?>("--seed") { Description = "Where chance begins; by chance itself where absent." };
var keep = new Option<bool>("--keep") { Description = "Keep the ledger, the workers' logs and what was done, for a closer look." };
minutes.Validators.Add(result =>
{
    if (result.GetValue(minutes) is not (> 0 and <= 1440))
    {
        result.AddError("--minutes must be over 0 and 1440 at the most.");
    }
});

var root = new RootCommand("Proves by force that nothing is lost and nothing runs twice, whatever dies.") { minutes, seed, keep };
root.SetAction(async arguments =>
{
    var options = new ChaosOptions(
        TimeSpan.FromMinutes(arguments.GetValue(minutes)), arguments.GetValue(seed) ?? Random.Shared.Next(1, 1_000_000), arguments.GetValue(keep));
    using var stop = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}"));
    try
    {
        await using var run = new ChaosRun(options);
        var findings = await run.RunAsync(stop.Token);
        await run.KeepAsync(findings);
        Report.Write(findings, options);
        return findings.World.Breaches.All.Count == 0 ? 0 : 1;
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        await Console.Error.WriteLineAsync("The run was broken off; it proves nothing.");
        return 130;
    }

    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
});
return await root.Parse(args).InvokeAsync();
