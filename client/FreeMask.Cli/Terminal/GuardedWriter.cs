using System.Text;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// One of the process's streams. Where it is closed, or is a file on a full disk, the first failure is remembered and the rest is dropped: work that has been done
/// must not end in a crash because nobody can read the result.
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

    /// <summary>Why nothing could be written any more; null where everything was.</summary>
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
