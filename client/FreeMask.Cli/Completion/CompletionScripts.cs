namespace FreeMask.Cli.Completion;

/// <summary>Completion scripts of shells. Each script asks the program, so that it need not be updated.</summary>
internal static class CompletionScripts
{
    internal static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish", "powershell"];

    /// <summary>The script of a shell.</summary>
    internal static string Of(string shell) => shell switch
    {
        "bash" => """
            # freemask: completion for bash
            _freemask() {
                local IFS=$'\n'
                COMPREPLY=($(compgen -W "$(freemask "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _freemask freemask

            """,
        "zsh" => """
            #compdef freemask
            # freemask: completion for zsh
            _freemask() {
                local -a found
                found=("${(@f)$(freemask "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
                compadd -a found || _files
            }
            if [ "$funcstack[1]" = "_freemask" ]; then _freemask "$@"; else compdef _freemask freemask; fi

            """,
        "fish" => """
            # freemask: completion for fish
            complete -c freemask -a '(freemask "[suggest:"(commandline -C)"]" (commandline -p) 2>/dev/null)'

            """,
        _ => """
                # freemask: completion for PowerShell
                Register-ArgumentCompleter -Native -CommandName freemask -ScriptBlock {
                    param($word, $line, $position)
                    freemask "[suggest:$position]" "$line" 2>$null |
                        Where-Object { $_ -like "$word*" } |
                        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
                }

                """,
    };

    /// <summary>The folder in which the shell finds scripts.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="home">The user's folder.</param>
    /// <param name="environment">Environment variables.</param>
    /// <returns>The file, and further steps for the user; no file if the shell has no such folder.</returns>
    internal static (string? File, string Hint) Place(string shell, string home, Func<string, string?> environment)
    {
        var data = environment("XDG_DATA_HOME") is { Length: > 0 } named ? named : Path.Combine(home, ".local", "share");
        var config = environment("XDG_CONFIG_HOME") is { Length: > 0 } other ? other : Path.Combine(home, ".config");
        return shell switch
        {
            "bash" => (Path.Combine(data, "bash-completion", "completions", "freemask"), "New shells have it, where the package "
                + "bash-completion is installed."),
            "zsh" => (Path.Combine(data, "zsh", "site-functions", "_freemask"), "New shells have it once ~/.zshrc says: "
                + $"fpath+=({Path.Combine(data, "zsh", "site-functions")}); autoload -U compinit; compinit"),
            "fish" => (Path.Combine(config, "fish", "completions", "freemask.fish"), "New shells have it."),
            _ => (null, "Add this to the file that $PROFILE names: freemask completion powershell | Out-String | Invoke-Expression"),
        };
    }
}
