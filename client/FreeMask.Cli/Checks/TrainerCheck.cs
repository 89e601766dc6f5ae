using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the training program is on this machine.</summary>
internal sealed class TrainerCheck : IRunCheck
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public string Key => "trainer.command";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (!spec.Trainer.IsExternal || machine.IsCluster) yield break;
        var program = spec.Trainer.Command[0];
        if (Path.IsPathRooted(program))
        {
            if (File.Exists(program) && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(program) & Executable) == 0)
                yield return new($"{Key}[0]", $"'{program}' is not executable; name its interpreter before it, or use chmod +x");
            yield break;
        }

        // A path that is not there was reported where it was resolved.
        if (program.AsSpan().IndexOfAny('/', '\\') >= 0) yield break;
        string[] endings = OperatingSystem.IsWindows() ? ["", ".exe", ".cmd", ".bat"] : [""];
        var folders = (machine.Environment("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (!folders.Any(folder => endings.Any(ending => File.Exists(Path.Combine(folder, program + ending)))))
            yield return new($"{Key}[0]", $"there is no program '{program}' on the PATH; install it, or write its full path");
    }
}
