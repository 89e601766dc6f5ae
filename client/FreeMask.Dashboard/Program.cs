using FreeMask.Dashboard;
using FreeMask.Hosting.Operations;

// The health check of a container that has no other program: exit code 0 if the address answers.
if (args is ["--probe", var address]) return await HealthProbe.RunAsync(address);

var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
app.MapReports(new ReportDirectory(builder.Configuration["data"] ?? builder.Configuration["FREEMASK_DATA"] ?? ".freemask"));
await app.RunAsync();
return 0;
