using System.Globalization;
using FreeMask.Files;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Text;

/// <summary>A text as the U-Net takes it.</summary>
/// <param name="Tokens">Its tokens (of the first tokenizer).</param>
/// <param name="Context">[tokens, width].</param>
/// <param name="Pooled">XL's pooled embedding, otherwise empty.</param>
internal sealed record TextEmbedding(TokenSequence Tokens, FloatTensor Context, float[] Pooled)
{
    /// <summary>The same shapes filled with zeros.</summary>
    internal TextEmbedding Zeroed() => new(Tokens, FloatTensor.Zeros([.. Context.Shape]), new float[Pooled.Length]);
}

/// <summary>
/// Tokenizers and text encoders. One encoder gives its last hidden state (after the final layer norm); two give their last hidden state but
/// one, joined, and the second's pooled text_embeds (diffusers, pipeline_stable_diffusion_xl.py, encode_prompt).
/// </summary>
internal sealed class TextEncoders : IDisposable
{
    private const int CacheSize = 256;

    private readonly List<(ClipTokenizer Tokenizer, OnnxSession Session)> _encoders = [];
    private readonly Dictionary<string, TextEmbedding> _cache = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    internal ClipTokenizer Tokenizer => _encoders[0].Tokenizer;

    internal bool HasPooled => _encoders.Count > 1 && _encoders[1].Session.Outputs.Any(o => o.Name == "text_embeds");

    /// <summary>Width of the joined embedding, where the files declare it.</summary>
    internal int? Width
    {
        get
        {
            var widths = _encoders.Select(e => e.Session.Outputs.First(o => o.Name == ContextOutput(e.Session)).Dimensions[^1]).ToArray();
            return widths.Any(w => w < 0) ? null : widths.Sum();
        }
    }

    internal static TextEncoders Load(string folder, OnnxSessionOptions options)
    {
        var result = new TextEncoders();
        try
        {
            result.Add(folder, "tokenizer", "text_encoder", options);
            if (Directory.Exists(Path.Combine(folder, "text_encoder_2"))) result.Add(folder, "tokenizer_2", "text_encoder_2", options);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Encodes a text; recent ones are kept. Texts are encoded one by one, so the result does not depend on neighbors.</summary>
    internal TextEmbedding Encode(string text)
    {
        lock (_lock)
        {
            if (_cache.TryGetValue(text, out var known)) return known;
            if (_cache.Count >= CacheSize) _cache.Clear();
            return _cache[text] = Compute(text);
        }
    }

    public void Dispose()
    {
        foreach (var (_, session) in _encoders) session.Dispose();
    }

    private void Add(string folder, string tokenizer, string encoder, OnnxSessionOptions options)
    {
        var words = ClipTokenizer.Load(Path.Combine(folder, tokenizer));
        var session = OnnxSession.Load(Path.Combine(folder, encoder, ModelFileNames.Onnx), options);
        _encoders.Add((words, session));
        if (session.Inputs.First() is { Rank: 2 } ids && ids.Dimensions[1] > 0 && ids.Dimensions[1] != words.MaximumLength)
            throw new FreeMaskException(
                $"{session.Path} takes texts of {ids.Dimensions[1]} tokens, but {Path.Combine(folder, tokenizer)} gives "
                    + $"{words.MaximumLength}."
            );
    }

    private TextEmbedding Compute(string text)
    {
        var parts = new List<FloatTensor>();
        TokenSequence? tokens = null;
        float[] pooled = [];
        foreach (var (tokenizer, session) in _encoders)
        {
            var sequence = tokenizer.Encode(text);
            tokens ??= sequence;
            var input = session.FindInput("input_ids") ?? session.Inputs.First();
            var ids = new FloatTensor([.. sequence.Ids.Select(i => (float)i)], 1, sequence.Ids.Count);
            // A model of a fixed batch gets the text as often as it wants; the first result counts.
            if (input.Rank > 0 && input.Dimensions[0] > 1) ids = ids.RowsFrom(0, input.Dimensions[0]);
            string[] wanted = [ContextOutput(session), .. session.Outputs.Where(o => o.Name == "text_embeds").Select(o => o.Name)];
            var outputs = session.Run(new Dictionary<string, FloatTensor> { [input.Name] = ids }, wanted);
            foreach (var output in outputs) FiniteValues.Require(output.Values, session.Path, "text embeddings");
            parts.Add(outputs[0].RowsFrom(0, 1));
            if (outputs.Count > 1) pooled = outputs[1].Row(0).ToArray();
        }

        return new(tokens!, Join(parts), pooled);
    }

    private string ContextOutput(OnnxSession session)
    {
        if (_encoders.Count == 1)
            return session.Outputs.FirstOrDefault(o => o.Name == "last_hidden_state")?.Name ?? session.Outputs[0].Name;
        int[] layers =
        [
            .. session.Outputs.Where(o => o.Name.StartsWith("hidden_states.", StringComparison.Ordinal))
                .Select(o => int.Parse(o.Name.AsSpan("hidden_states.".Length), CultureInfo.InvariantCulture)).Order(),
        ];
        return layers.Length > 1
            ? string.Create(CultureInfo.InvariantCulture, $"hidden_states.{layers[^2]}")
            : throw new FreeMaskException(
                $"{session.Path} has no outputs hidden_states.*; a model with two text encoders needs the last hidden state but one."
            );
    }

    /// <summary>[1, tokens, a] and [1, tokens, b] to [tokens, a + b].</summary>
    private static FloatTensor Join(List<FloatTensor> parts)
    {
        var length = parts[0].Shape[1];
        var width = parts.Sum(p => p.Shape[2]);
        var joined = FloatTensor.Zeros(length, width);
        for (var token = 0; token < length; token++)
        {
            var target = joined.Row(token);
            foreach (var part in parts)
            {
                var size = (int)part.Shape[2];
                part.Values.AsSpan(token * size, size).CopyTo(target);
                target = target[size..];
            }
        }

        return joined;
    }
}
