using System.Collections.Immutable;
using System.Globalization;

namespace FreeMask.Dashboard.Editing;

/// <summary>
/// Finds out where a place of a YAML text is, while the text is being written: what comes before may be incomplete, so no YAML reader can
/// read it. Knows block and flow maps and lists, quotation marks, comments and block scalars; not anchors, tags and several documents.
/// </summary>
internal sealed class YamlScanner
{
    private readonly List<Level> _levels = [];
    private readonly List<Flow> _flows = [];
    private readonly List<Key> _keys = [];
    private int _line;
    private int? _scalar;
    private (YamlPlaceKind Kind, int From, bool IsQuoted) _end;

    /// <summary>The place before a column of a line, both from 0; places outside the text are moved to its nearest one.</summary>
    internal static YamlPlace Find(string text, int line, int column)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        line = Math.Clamp(line, 0, lines.Length - 1);
        column = Math.Clamp(column, 0, lines[line].Length);
        var (all, here) = (new YamlScanner(), new YamlScanner());
        for (all._line = 0; all._line < lines.Length; all._line++)
        {
            if (all._line == line) here.ReadTo(all, lines[line][..column]);
            all.Read(lines[all._line], isWritten: false);
        }

        // Keys that follow the place count too.
        return here.Place(lines[line], column, all._keys);
    }

    /// <summary>Goes on from where another one is, to the middle of its next line.</summary>
    private void ReadTo(YamlScanner before, string line)
    {
        _levels.AddRange(before._levels);
        _flows.AddRange(before._flows);
        (_line, _scalar) = (before._line, before._scalar);
        Read(line, isWritten: true);
    }

    private YamlPlace Place(string text, int column, IEnumerable<Key> keys)
    {
        var (kind, from, isQuoted) = _end;
        from = kind == YamlPlaceKind.None ? column : Math.Min(from, column);
        var to = column;
        while (to < text.Length && (char.IsLetterOrDigit(text[to]) || text[to] is '_' or '-' or '.' or '+')) to++;
        var map = Map();
        return new YamlPlace(
            kind,
            Path(),
            _line,
            from,
            to,
            text[from..column],
            _flows.Count > 0,
            isQuoted,
            text[to..].TrimStart().StartsWith(':'),
            keys.Where(k => k.Map == map && (k.Line, k.Column) != (_line, from)).Select(k => k.Name).ToHashSet(StringComparer.Ordinal)
        );
    }

    /// <summary>Reads a line, and notes what its end is.</summary>
    /// <param name="line">The line, or its part before the place.</param>
    /// <param name="isWritten">Whether it is the line of the place: then blanks are an indentation.</param>
    private void Read(string line, bool isWritten)
    {
        _end = default;
        var indent = line.Length - line.TrimStart(' ').Length;
        var isBlank = indent == line.Length;
        if (_scalar is { } owner)
        {
            if (indent > owner || (isBlank && !isWritten)) return;
            _scalar = null;
        }

        if ((isBlank && !isWritten) || (!isBlank && line[indent] == '#')) return;
        if (_flows.Count > 0)
        {
            // A bracket that is not closed yet must not swallow the rest of the text: what follows is indented more than its key.
            var continues = isBlank || line[indent] is ']' or '}' || _levels.Count == 0 || indent > _levels[^1].Indent;
            if (continues)
            {
                ReadFlow(line, indent);
                return;
            }

            _flows.Clear();
        }

        ReadBlock(line, indent);
    }

    private void ReadBlock(string line, int indent)
    {
        Leave(indent, IsItem(line, indent));
        var at = indent;
        while (IsItem(line, at))
        {
            _levels.Add(new Level(at, YamlPlace.Item, _line));
            for (at++; at < line.Length && line[at] == ' '; at++) { }
        }

        if (at < line.Length && line[at] is '[' or '{')
        {
            ReadFlow(line, at);
            return;
        }

        if (FindColon(line, at) is { } colon)
        {
            var key = Unquoted(line[at..colon]);
            _keys.Add(new Key(Map(), key, _line, at));
            _levels.Add(new Level(at, key, _line));
            ReadValue(line, colon + 1, at);
            return;
        }

        if (at < line.Length || line.Length == 0 || line[^1] == ' ') End(line, at, YamlPlaceKind.Entry);
    }

    private void ReadValue(string line, int after, int indent)
    {
        var at = after;
        while (at < line.Length && line[at] == ' ') at++;
        if (at < line.Length && line[at] is '[' or '{') ReadFlow(line, at);
        else if (at < line.Length && line[at] is '|' or '>') _scalar = indent;
        else if (at > after) End(line, at, YamlPlaceKind.Value);
    }

    /// <summary>Notes that the line ends within a word that begins at a column, unless a comment or a closed quotation ends it.</summary>
    private void End(string line, int from, YamlPlaceKind kind)
    {
        if (from < line.Length && line[from] is '"' or '\'')
        {
            if (line.IndexOf(line[from], from + 1) < 0) _end = (kind, from + 1, true);
        }
        else if ((from == line.Length || line[from] != '#') && !line[from..].Contains(" #", StringComparison.Ordinal))
        {
            _end = (kind, from, false);
        }
    }

    private void ReadFlow(string line, int from)
    {
        // An entry goes on in the next line: only its part there counts.
        if (_flows.Count > 0 && _flows[^1].From is not null) _flows[^1] = _flows[^1] with { From = from };
        for (var i = from; i < line.Length; i++)
        {
            var isFirst = _flows.Count == 0 || (_flows[^1].From is { } start && string.IsNullOrWhiteSpace(line[start..i]));
            switch (line[i])
            {
                case '"' or '\'' when isFirst:
                    var close = line.IndexOf(line[i], i + 1);
                    if (close < 0)
                    {
                        _end = (KindOf(_flows[^1]), i + 1, true);
                        return;
                    }

                    i = close;
                    break;
                case '#' when i == 0 || line[i - 1] == ' ':
                    return;
                case '[' or '{' when isFirst:
                    if (_flows.Count > 0) _flows[^1] = _flows[^1] with { From = null };
                    _flows.Add(new Flow(line[i], null, i + 1, _line, i));
                    break;
                case ']' or '}':
                    _flows.RemoveAt(_flows.Count - 1);
                    if (_flows.Count == 0) return;
                    break;
                case ',':
                    _flows[^1] = _flows[^1] with { Key = null, From = i + 1 };
                    break;
                case ':' when _flows[^1] is { Open: '{', Key: null, From: { } key } && (i + 1 == line.Length || line[i + 1] == ' '):
                    var name = Unquoted(line[key..i]);
                    _keys.Add(new Key(Map(), name, _line, key + line[key..i].TakeWhile(char.IsWhiteSpace).Count()));
                    _flows[^1] = _flows[^1] with { Key = name, From = i + 1 };
                    break;
            }
        }

        if (_flows[^1].From is not { } last) return;
        while (last < line.Length && line[last] == ' ') last++;
        // "{steps:" needs a blank before its value.
        if (_flows[^1].Key is not null && last > 0 && last == line.Length && line[last - 1] == ':') return;
        End(line, last, KindOf(_flows[^1]));
    }

    private static YamlPlaceKind KindOf(Flow flow) => flow is { Open: '{', Key: null } ? YamlPlaceKind.Key : YamlPlaceKind.Value;

    /// <summary>Leaves the maps and lists that a line of an indentation does not belong to.</summary>
    private void Leave(int indent, bool isItem)
    {
        while (_levels.Count > 0 && (_levels[^1].Indent > indent || (_levels[^1].Indent == indent && !Holds(_levels[^1]))))
            _levels.RemoveAt(_levels.Count - 1);

        // The entries of a list may have the indentation of its key.
        bool Holds(Level level) => isItem && level.Key != YamlPlace.Item;
    }

    private ImmutableArray<string> Path() =>
    [
        .. _levels.Select(level => level.Key),
        .. _flows.Select(flow => flow.Open == '[' ? YamlPlace.Item : flow.Key).OfType<string>(),
    ];

    /// <summary>Tells maps apart: two entries of a list have the same path.</summary>
    private string Map() => _flows.Count > 0
        ? Named(_flows[^1].Line, _flows[^1].Column)
        : string.Join('\n', _levels.Select(level => level.Key == YamlPlace.Item ? Named(level.Line, level.Indent) : level.Key));

    private static string Named(int line, int column) => string.Create(CultureInfo.InvariantCulture, $"{YamlPlace.Item}{line}:{column}");

    private static bool IsItem(string line, int at) =>
        at < line.Length && line[at] == '-' && (at + 1 == line.Length || line[at + 1] == ' ');

    /// <summary>The colon behind the key that begins at a column; null if there is no key.</summary>
    private static int? FindColon(string line, int from)
    {
        if (from == line.Length || line[from] is '|' or '>' or '&' or '*' or '!' or '%' or '@' or '`' or '#') return null;
        var at = from;
        if (line[from] is '"' or '\'')
        {
            at = line.IndexOf(line[from], from + 1);
            if (at < 0) return null;
            at++;
        }

        for (; at < line.Length; at++)
        {
            if (line[at] == ':' && (at + 1 == line.Length || line[at + 1] == ' ')) return at;
            if (line[at] == '#' && line[at - 1] == ' ') return null;
        }

        return null;
    }

    private static string Unquoted(string key) => key.Trim().Trim('"', '\'');

    /// <summary>A map or list in block style that is open: its key, or an entry of a list.</summary>
    private readonly record struct Level(int Indent, string Key, int Line);

    /// <summary>A bracket or brace that is open.</summary>
    /// <param name="Open">The bracket.</param>
    /// <param name="Key">In a map: the key of the present entry; null before its colon.</param>
    /// <param name="From">The column where the present word begins; null after an entry that was a list or map.</param>
    /// <param name="Line">The line of the bracket.</param>
    /// <param name="Column">The column of the bracket.</param>
    private readonly record struct Flow(char Open, string? Key, int? From, int Line, int Column);

    private readonly record struct Key(string Map, string Name, int Line, int Column);
}
