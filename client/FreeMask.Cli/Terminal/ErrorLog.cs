using FreeMask.Files;

namespace FreeMask.Cli.Terminal;

/// <summary>Stores details of unexpected errors, which the terminal does not show.</summary>
internal static class ErrorLog
{
    /// <summary>
    /// Writes the details into the logs of the data folder, or into the temporary folder if there are none or writing fails.
    /// </summary>
    /// <returns>The path of the file; null if nothing could be written.</returns>
    internal static string? Write(DataFolder data, IReadOnlyList<string> args, Exception exception, DateTimeOffset now)
    {
        var name = $"error-{now:yyyyMMdd-HHmmss-fff}.log";
        var text =
            $"{now:O}\nfreemask {string.Join(' ', args)}\n.NET {Environment.Version}, "
                + $"{System.Runtime.InteropServices.RuntimeInformation.OSDescription}\n\n{exception}\n";
        // A failed command does not create a data folder.
        string[] folders = data.Exists ? [data.Logs, Path.GetTempPath()] : [Path.GetTempPath()];
        foreach (var folder in folders)
        {
            try
            {
                PrivateFiles.CreateFolder(folder);
                var path = Path.Combine(folder, name);
                using (var file = new StreamWriter(PrivateFiles.Open(path, FileMode.Create, FileAccess.Write, FileShare.Read)))
                    file.Write(text);
                return path;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Try the next folder; without any, only the message is shown.
            }
        }

        return null;
    }

    /// <summary>The innermost exception of the chain with a message for users, if there is one.</summary>
    internal static FreeMaskException? UserError(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is FreeMaskException user) return user;
            if (exception is AggregateException { InnerExceptions.Count: 1 } single) exception = single;
        }

        return null;
    }
}
