using System.Runtime.InteropServices;

namespace PgQueue.Host;

/// <summary>The signals that stop a service: the first lets it finish, the second does not.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _now = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public StopSignals()
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Handle));
        }
    }

    public CancellationToken Drain => _drain.Token;

    public CancellationToken Now => _now.Token;

    public void Dispose()
    {
        _registrations.ForEach(r => r.Dispose());
        _drain.Dispose();
        _now.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        (_drain.IsCancellationRequested ? _now : _drain).Cancel();
    }
}
