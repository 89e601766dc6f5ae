namespace FreeMask.Vision.Export;

/// <summary>
/// A folder that an export is written to. It may be there already: empty, a mount point, the current folder, a link to a folder, or an
/// earlier export. The folder itself stays what it is; beside the data it holds a list of the files that FreeMask wrote, and nothing else
/// in it is ever removed or replaced.
/// </summary>
internal sealed class ExportFolder
{
    /// <summary>The files of the export, one relative path with '/' a line.</summary>
    internal const string ListName = ".freemask-export";

    /// <summary>Begins the names of what is there only while an export is written: the lock, and the folder that it is written to
    /// first.</summary>
    internal const string WorkPrefix = ".freemask-export-";

    private readonly string _named;

    /// <param name="named">The folder as the user named it.</param>
    internal ExportFolder(string named)
    {
        _named = named;
        Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(named));
    }

    internal string Path { get; }

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Whether it holds an export of ours.</summary>
    internal bool IsExport => File.Exists(this[ListName]);

    /// <summary>Refuses a folder with things of somebody else, and an earlier export that is not to be replaced. What a killed export left
    /// is no obstacle.</summary>
    /// <exception cref="FreeMaskException">The folder is taken.</exception>
    internal void RequireFree(bool overwrite)
    {
        if (File.Exists(Path)) throw new FreeMaskException($"{_named} is a file; choose a folder.");
        if (!Directory.Exists(Path)) return;
        var isOurs = IsExport;
        if (!isOurs && Directory.EnumerateFileSystemEntries(Path).Any(entry => !IsWork(entry)))
            throw new FreeMaskException(
                $"{_named} is not empty and holds no export that FreeMask can replace; choose a new or empty folder."
            );
        // Without its manifest an export was cut off while it was moved here.
        if (isOurs && !overwrite && File.Exists(this[DatasetExporter.ManifestName]))
            throw new FreeMaskException($"{_named} already holds an export; choose another folder or ask to overwrite it.");
    }

    /// <summary>Removes what exports that were killed have left.</summary>
    internal void RemoveLeftovers()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path).Where(IsWork).ToList()) Directory.Delete(folder, recursive: true);
    }

    /// <summary>
    /// Moves everything from a folder inside this one to its place, and removes the files of an earlier export that the new one does not
    /// have. The manifest goes first and comes last: a reader that looks for it never takes a mixture for a data set.
    /// </summary>
    /// <exception cref="FreeMaskException">A file that FreeMask did not write is in the way; nothing was changed.</exception>
    internal void Fill(string staged)
    {
        var added = Directory
            .EnumerateFiles(staged, "*", SearchOption.AllDirectories)
            .Select(file => Relative(staged, file))
            .Order(StringComparer.Ordinal)
            .ToList();
        var old = File.Exists(this[ListName]) ? File.ReadLines(this[ListName]).Where(IsInside).ToHashSet(StringComparer.Ordinal) : [];
        if (added.Find(name => !old.Contains(name) && Exists(name)) is { } obstacle)
            throw new FreeMaskException(
                $"{this[obstacle]} was not written by FreeMask and is in the way of the export; move it, or choose another folder."
            );

        // Both lists lie ready before anything changes, so that a full disk cannot come between. While files move, the list names those of
        // both exports.
        var (both, list) = (System.IO.Path.Combine(staged, WorkPrefix + "both"), System.IO.Path.Combine(staged, WorkPrefix + "list"));
        File.WriteAllLines(both, old.Union(added));
        File.WriteAllLines(list, added);
        File.Move(both, this[ListName], overwrite: true);
        File.Delete(this[DatasetExporter.ManifestName]);
        foreach (var name in added.Where(name => name != DatasetExporter.ManifestName)) Move(staged, name);
        foreach (var name in old.Except(added)) Remove(name);
        Move(staged, DatasetExporter.ManifestName);
        File.Move(list, this[ListName], overwrite: true);
    }

    private void Move(string staged, string name)
    {
        var (from, to) = (System.IO.Path.Combine(staged, name), this[name]);
        if (!File.Exists(from)) return;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
        File.Move(from, to, overwrite: true);
    }

    private void Remove(string name)
    {
        if (!File.Exists(this[name])) return;
        File.Delete(this[name]);
        for (
            var folder = new FileInfo(this[name]).Directory!;
            folder.FullName.Length > Path.Length && folder.LinkTarget is null && !folder.EnumerateFileSystemInfos().Any();
            folder = folder.Parent!
        )
            folder.Delete();
    }

    private bool Exists(string name) => File.Exists(this[name]) || Directory.Exists(this[name]);

    /// <summary>A list that somebody changed must not name files elsewhere.</summary>
    private bool IsInside(string name) =>
        name.Length > 0
        && System.IO.Path.GetFullPath(name, Path).StartsWith(Path + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static bool IsWork(string entry) => System.IO.Path.GetFileName(entry).StartsWith(WorkPrefix, StringComparison.Ordinal);

    private static string Relative(string folder, string file) =>
        System.IO.Path.GetRelativePath(folder, file).Replace(System.IO.Path.DirectorySeparatorChar, '/');
}
