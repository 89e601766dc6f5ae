namespace FreeMask.Grains.Stages;

/// <summary>What the results of a silo depend on besides its input.</summary>
internal interface IComputeEnvironment
{
    /// <summary>
    /// Processor, instruction sets and versions of the numeric libraries, as one line of text. Equal texts give equal results.
    /// </summary>
    string Arithmetic { get; }

    /// <summary>The sha256 of everything in a model bundle that results depend on; null if this silo cannot compare bundles.</summary>
    /// <param name="model">The bundle as a run names it.</param>
    /// <param name="cancellationToken">Cancels the waiting, not the reading.</param>
    /// <exception cref="FreeMaskException">The silo does not have the bundle, or cannot read it.</exception>
    Task<string?> HashBundleAsync(string model, CancellationToken cancellationToken);
}

/// <summary>Gets the environment of a silo as a message.</summary>
internal static class ComputeEnvironments
{
    /// <summary>The environment of this silo, and whether it has a bundle.</summary>
    internal static async Task<SiloEnvironment> DescribeAsync(
        this IComputeEnvironment environment,
        string model,
        CancellationToken cancellationToken
    )
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
