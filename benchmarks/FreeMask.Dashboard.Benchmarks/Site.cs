namespace FreeMask.Dashboard.Benchmarks;

/// <summary>A data folder, the process that works on its run, and the dashboard beside it.</summary>
internal sealed class Site : IAsyncDisposable
{
    /// <summary>The grid of the run's only round.</summary>
    internal const string Grid = $"/runs/{PipelineProgram.Run}/rounds/1/samples";

    private readonly DirectoryInfo _folder;

    private Site(DirectoryInfo folder, Child pipeline, Child dashboard, string address) =>
        (_folder, Pipeline, Dashboard, Address) = (folder, pipeline, dashboard, address);

    /// <summary>The process that works on the run, once it is told to.</summary>
    public Child Pipeline { get; }

    /// <summary>The dashboard's server.</summary>
    public Child Dashboard { get; }

    /// <summary>The dashboard's address.</summary>
    public string Address { get; }

    internal static async Task<Site> StartAsync(int samples, int changes)
    {
        var folder = Directory.CreateTempSubdirectory("freemask-dashboard-load-");
        var pipeline = await Child.StartPipelineAsync(folder.FullName, samples, changes);
        var (dashboard, address) = await Child.StartDashboardAsync(folder.FullName);
        return new Site(folder, pipeline, dashboard, address);
    }

    public async ValueTask DisposeAsync()
    {
        await Dashboard.DisposeAsync();
        await Pipeline.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
