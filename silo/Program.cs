using FreeMask.Silo.Hosting;
using FreeMask.Silo.Pipeline;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration.AddEnvironmentVariables("FREEMASK_");
builder.AddFreeMaskSilo();
builder.Services.AddFreeMaskPipeline(builder.Configuration["FreeMask:Models"]);
builder.Services.AddHealthChecks();

var app = builder.Build();
app.MapHealthChecks("/health/live");
await app.RunAsync();
