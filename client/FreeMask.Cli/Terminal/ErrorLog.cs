using FreeMask.Files;

namespace FreeMask.Cli.Terminal;

/// <summary>Keeps what a user should not have to read on the terminal: the details of errors nobody foresaw.</summary>
internal static class ErrorLog
{
    /// <summary>Writes the details into the data folder's logs, or into the temporary folder where there are none or that cannot be done.</summary>
    /// <returns>The path of the file; null where nothing could be written.</returns>
    internal static string? Write(DataFolder data, IReadOnlyList<string> args, Exception exception, DateTimeOffset now)
    {
        var name = $"error-{now:yyyyMMdd-HHmmss-fff}.log";
        var text = $"{now:O}\nfreemask {string.Join(' ', args)}\n.NET {Environment.Version}, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}\n\n{exception}\n";
        // A command that failed leaves no data folder behind that was not there.
        string[] folders = data.Exists ? [data.Logs, Path.GetTempPath()] : [Path.GetTempPath()];
        foreach (var folder in folders)
        {
            try
            {
                PrivateFiles.CreateFolder(folder);
                var path = Path.Combine(folder, name);
                using (var file = new StreamWriter(PrivateFiles.Open(path, FileMode.Create, FileAccess.Write, FileShare.Read))) file.Write(text);
                return path;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next folder may do; without one the message alone has to.
            }
        }

        return null;
    }

    /// <summary>The innermost cause that was written for a user, if there is one in the chain.</summary>
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
