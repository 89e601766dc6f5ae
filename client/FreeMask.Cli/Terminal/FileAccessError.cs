using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace FreeMask.Cli.Terminal;

/// <summary>An explanation of a failed file access for users: path, cause and remedy.</summary>
/// <param name="Message">One line.</param>
/// <param name="ExitCode"><see cref="ExitCodes.BadInput"/> if another path or other access rights help; <see cref="ExitCodes.Failed"/> for
/// a problem of the machine.</param>
internal sealed partial record FileAccessError(string Message, int ExitCode)
{
    // Errors for which .NET has no exception type: errno on Linux and macOS, the low half of an HRESULT on Windows.
    private const int Exists = 17,
        WindowsExists = 183,
        NotADirectory = 20,
        TooManyFiles = 24,
        DiskFull = 28,
        ReadOnly = 30,
        QuotaLinux = 122,
        QuotaMac = 69,
        WindowsDiskFull = 112,
        WindowsHandleDiskFull = 39;

    /// <summary>The explanation of an exception; null if it is not about files or memory.</summary>
    internal static FileAccessError? Of(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is AggregateException { InnerExceptions: [var first, ..] }) exception = first;
            if (exception is HttpRequestException) return null;
            if (exception is UnauthorizedAccessException denied) return Denied(denied);
            if (exception is OutOfMemoryException)
                return new(
                    "The machine has not enough memory for this. Use smaller batches, smaller images, or a machine with more memory.",
                    ExitCodes.Failed
                );
            if (exception is IOException { InnerException: not SocketException } io) return Of(io);
        }

        return null;
    }

    private static FileAccessError Denied(UnauthorizedAccessException denied)
    {
        var path = PathIn(denied.Message);
        return path is null ? new($"{denied.Message} Change the rights, or name another place.", ExitCodes.BadInput)
            : IsListable(path) ? new($"{path} is a folder, but a file is needed here. Name a file.", ExitCodes.BadInput)
            : new(
                $"{path} may not be read or written by this user: permission denied. Change its rights or those of its folder, or name "
                    + "another place.",
                ExitCodes.BadInput
            );
    }

    private static FileAccessError Of(IOException io)
    {
        var where = PathIn(io.Message) is { } path ? $" at {path}" : "";
        switch (io)
        {
            case FileNotFoundException or DirectoryNotFoundException:
                return new(
                    $"{PathIn(io.Message) ?? "A file"} does not exist. Check the path, and whether something else removes or moves files "
                        + "there.",
                    ExitCodes.BadInput
                );
            case PathTooLongException:
                return new($"The path is too long for this system{where}. Use a shorter one.", ExitCodes.BadInput);
        }

        return (OperatingSystem.IsWindows() ? io.HResult & 0xFFFF : io.HResult) switch
        {
            DiskFull or QuotaLinux or QuotaMac when !OperatingSystem.IsWindows() => Full(where),
            WindowsDiskFull or WindowsHandleDiskFull when OperatingSystem.IsWindows() => Full(where),
            Exists when !OperatingSystem.IsWindows() => Taken(where),
            WindowsExists when OperatingSystem.IsWindows() => Taken(where),
            ReadOnly when !OperatingSystem.IsWindows() => new(
                $"The file system is read-only{where}. Name another place.",
                ExitCodes.BadInput
            ),
            NotADirectory when !OperatingSystem.IsWindows() => new(
                $"A part of the path is a file, not a folder{where}. Name another place.",
                ExitCodes.BadInput
            ),
            TooManyFiles when !OperatingSystem.IsWindows() => new(
                $"This process has too many open files{where}. Raise the limit ('ulimit -n 4096') and give the command again.",
                ExitCodes.Failed
            ),
            _ => new(
                $"A file could not be read or written: {FirstLine(io.Message)} Check the disk, the connection to it, and its rights; "
                    + "then give the command again.",
                ExitCodes.Failed
            ),
        };
    }

    private static FileAccessError Taken(string where) => new($"A file is in the way{where}. Name another place.", ExitCodes.BadInput);

    private static FileAccessError Full(string where) =>
        new($"The disk is full{where}. Free some space, or name a place on another disk, and give the command again.", ExitCodes.Failed);

    private static bool IsListable(string path)
    {
        try
        {
            return Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() is var _;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>.NET's messages quote the path. The suffix of a temporary file is removed.</summary>
    private static string? PathIn(string message) =>
        Quoted().Match(message) is { Success: true } match ? Temporary().Replace(match.Groups[1].Value, "") : null;

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd().TrimEnd('.') + ".";

    [GeneratedRegex(@"\.\d+\.tmp$")]
    private static partial Regex Temporary();

    [GeneratedRegex("'(.+)'", RegexOptions.Singleline)]
    private static partial Regex Quoted();
}
