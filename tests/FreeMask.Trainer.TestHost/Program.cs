using System.Runtime.InteropServices;
using FreeMask.Trainer.TestHost;

// A training program without a model: it speaks the protocol of docs/trainers.md, and fails as its arguments say.
var options = StandInOptions.Parse(args);
var stand = new StandIn(options);
using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    stand.Stop();
});
return await stand.RunAsync();
