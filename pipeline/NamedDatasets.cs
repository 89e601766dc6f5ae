using FreeMask.Grains.Stages;
using FreeMask.Vision.Datasets;

namespace FreeMask.Pipeline;

/// <summary>The data sets that a run names by their folders, as they are on this silo.</summary>
internal static class NamedDatasets
{
    /// <summary>Opens a data set and compares it with the one that the run was started with.</summary>
    /// <param name="key">The key of the run file that names it.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="hash">The hash of the one that the run was started with; null where it was not recorded.</param>
    /// <param name="open">Opens it.</param>
    /// <exception cref="SiloLacksDataException">It is not on this silo, cannot be read, or is another one.</exception>
    internal static MatchedDataset Open(string key, string folder, string? hash, Func<MatchedDataset> open)
    {
        string own;
        MatchedDataset data;
        try
        {
            data = open();
            own = hash is null ? "" : data.Hash();
        }
        catch (FreeMaskException gone)
        {
            throw new SiloLacksDataException($"The data set that {key} names cannot be used: {gone.Message}", gone);
        }

        return hash is null || own == hash
            ? data
            : throw new SiloLacksDataException(
                $"The data set in {folder}, which {key} names, is another one than the run's (sha256 {own[..12]}, the run's is "
                    + $"{hash[..12]}); put the run's there."
            );
    }
}
