using FreeMask.Dashboard;

var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
app.MapReports(new ReportDirectory(builder.Configuration["data"] ?? builder.Configuration["FREEMASK_DATA"] ?? ".freemask"));
await app.RunAsync();
