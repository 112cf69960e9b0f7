using System.CommandLine;
using System.Runtime.InteropServices;
using PgQueue.Bench;

const string Every = "all";

var name = new Argument<string>("name") { Description = "What to measure." };
name.AcceptOnlyFromAmong([.. Benches.All.Keys, Every]);
var json = new Option<bool>("--json") { Description = "A line of JSON per figure." };
var quick = new Option<bool>("--quick") { Description = "Under a minute for each name, for a first look." };
var role = new Argument<string>("role");
var roleCommand = new Command("role", "Another process of a bench's.") { role };
roleCommand.Hidden = true;
roleCommand.SetAction((arguments, token) => Role.RunAsync(arguments.GetValue(role)!, token));

var root = new RootCommand("Measures PgQueue beside its references in one run.") { name, json, quick, roleCommand };
root.SetAction(async arguments =>
{
    var options = new BenchOptions(arguments.GetValue(json), arguments.GetValue(quick));
    var which = arguments.GetValue(name)!;
    using var stop = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    try
    {
        return await Benches.RunAsync(which == Every ? Benches.All.Keys : [which], options, stop.Token);
    }
    catch (Exception) when (stop.IsCancellationRequested)
    {
        await Console.Error.WriteLineAsync("The run was broken off.");
        return 130;
    }

    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
});
return await root.Parse(args).InvokeAsync();
