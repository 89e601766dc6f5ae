namespace FreeMask.Grains.Stages;

/// <summary>What the results of a silo depend on besides what it is asked to do.</summary>
public interface IComputeEnvironment
{
    /// <summary>Processor, instruction sets and versions of the numeric libraries, as one line of text: where it is equal, results are.</summary>
    string Arithmetic { get; }

    /// <summary>The sha256 of everything in a model bundle that results depend on; null where this silo has no bundles to compare.</summary>
    /// <param name="model">The bundle as a run names it.</param>
    /// <param name="cancellationToken">Ends the waiting, not the reading.</param>
    /// <exception cref="FreeMaskException">The silo does not have the bundle, or cannot read it.</exception>
    Task<string?> HashBundleAsync(string model, CancellationToken cancellationToken);
}

/// <summary>An environment as it is told to others.</summary>
internal static class ComputeEnvironments
{
    /// <summary>What this silo computes with, and whether it has a bundle.</summary>
    internal static async Task<SiloEnvironment> DescribeAsync(this IComputeEnvironment environment, string model, CancellationToken cancellationToken)
    {
        try
        {
            return new SiloEnvironment(environment.Arithmetic, await environment.HashBundleAsync(model, cancellationToken), null);
        }
        catch (FreeMaskException missing)
        {
            return new SiloEnvironment(environment.Arithmetic, null, missing.Message);
        }
    }
}
