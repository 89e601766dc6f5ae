using System.Text;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// A stream of the process. If it is closed, or is a file on a full disk, the first error is recorded and further output is dropped, so
/// that completed work does not end in a crash.
/// </summary>
internal sealed class GuardedWriter : TextWriter
{
    private readonly TextWriter _inner;

    internal GuardedWriter(Func<TextWriter> open)
    {
        var inner = Null;
        Attempt(() => inner = open());
        _inner = inner;
    }

    /// <summary>The first error; null if everything was written.</summary>
    internal Exception? Failure { get; private set; }

    public override Encoding Encoding => _inner.Encoding;

    public override void Write(char value) => Attempt(() => _inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Attempt(() => _inner.Write(buffer, index, count));

    public override void Write(string? value) => Attempt(() => _inner.Write(value));

    public override void WriteLine(string? value) => Attempt(() => _inner.WriteLine(value));

    public override void Flush() => Attempt(_inner.Flush);

    private void Attempt(Action write)
    {
        if (Failure is not null) return;
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException or NotSupportedException)
        {
            Failure = e;
        }
    }
}
