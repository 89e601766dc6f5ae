namespace FreeMask.Cli.RunFiles;

/// <summary>What a run file may point to outside itself.</summary>
internal interface IRunFileWorld
{
    /// <summary>Names of the model bundles that ship.</summary>
    IReadOnlyList<string> BundleNames { get; }

    /// <summary>How the specification names the bundle: the name of one that ships, or the full path of a folder; null where there is none.</summary>
    string? FindBundle(string nameOrFolder);

    /// <summary>The full path of a data set in PASCAL VOC layout, or null.</summary>
    string? FindDataset(string folder);
}
