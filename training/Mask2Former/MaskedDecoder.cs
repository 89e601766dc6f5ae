using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace FreeMask.Training.Mask2Former;

/// <summary>One prediction of every query.</summary>
/// <param name="Classes">Class logits [b, q, classes + 1]; the last means "no object".</param>
/// <param name="Masks">Mask logits [b, q, h/4, w/4].</param>
internal sealed record Prediction(Tensor Classes, Tensor Masks);

/// <summary>What the decoder gives.</summary>
/// <param name="States">Query states [b, q, d] before the first layer and after each layer.</param>
/// <param name="Predictions">The predictions made from them; the last one is the model's answer.</param>
internal sealed record DecoderOutput(IReadOnlyList<Tensor> States, IReadOnlyList<Prediction> Predictions);

/// <summary>
/// The masked-attention decoder: queries look only at the pixels of their own last predicted mask, level by level.
/// Names and arithmetic of transformers' <c>Mask2FormerTransformerModule</c>, batch first.
/// </summary>
internal sealed class MaskedDecoder : NamedModule<PixelFeatures, DecoderOutput>
{
    private readonly LinearLayer _classPredictor;

    internal MaskedDecoder(Mask2FormerConfig config, LinearLayer classPredictor) : base(nameof(MaskedDecoder))
    {
        _classPredictor = classPredictor;
        Config = config;
        var size = config.HiddenSize;
        QueryPositions = new Parameter(zeros(config.Queries, size, device: DeviceScope.Current));
        QueryFeatures = new Parameter(zeros(config.Queries, size, device: DeviceScope.Current));
        LevelEmbedding = new Parameter(zeros(DeformableAttention.Levels, size, device: DeviceScope.Current));
        Layers = [.. Enumerable.Range(0, config.DecoderLayers).Select(_ => new MaskedDecoderLayer(config))];
        Norm = new LayerNormalization(size);
        MaskEmbedder = [new LinearLayer(size, size), new LinearLayer(size, size), new LinearLayer(size, config.MaskFeatureSize)];
        register_module("queries_embedder", new Table(QueryPositions));
        register_module("queries_features", new Table(QueryFeatures));
        register_module("level_embed", new Table(LevelEmbedding));
        if (config.EnforceInputProjection || config.FeatureSize != size)
        {
            InputProjections =
            [
                .. Enumerable.Range(0, DeformableAttention.Levels).Select(_ => new Convolution(config.FeatureSize, size, 1)),
            ];
            register_module("input_projections", ModuleGroup.Numbered(InputProjections));
        }

        register_module(
            "decoder",
            new ModuleGroup(
                ("layers", ModuleGroup.Numbered(Layers)),
                ("layernorm", Norm),
                (
                    "mask_predictor",
                    new ModuleGroup(("mask_embedder", ModuleGroup.Numbered(MaskEmbedder.Select(l => (Module)new ModuleGroup(("0", l))))))
                )
            )
        );
    }

    internal Mask2FormerConfig Config { get; }

    internal Parameter QueryPositions { get; }

    internal Parameter QueryFeatures { get; }

    internal Parameter LevelEmbedding { get; }

    /// <summary>1x1 convolutions for strides 32, 16 and 8; null where features are as wide as queries.</summary>
    internal IReadOnlyList<Convolution>? InputProjections { get; }

    internal IReadOnlyList<MaskedDecoderLayer> Layers { get; }

    internal LayerNormalization Norm { get; }

    internal IReadOnlyList<LinearLayer> MaskEmbedder { get; }

    /// <inheritdoc />
    public override DecoderOutput forward(PixelFeatures input)
    {
        var values = new Tensor[DeformableAttention.Levels];
        var keys = new Tensor[DeformableAttention.Levels];
        for (var i = 0; i < values.Length; i++)
        {
            var map = InputProjections is null ? input.Scales[i] : InputProjections[i].forward(input.Scales[i]);
            values[i] = map.flatten(2).transpose(1, 2).SafeAdd(LevelEmbedding[i]);
            keys[i] = values[i].SafeAdd(SinePositions.MakeTensor(Config.HiddenSize, (int)map.shape[2], (int)map.shape[3], map.device));
        }

        var x = QueryFeatures.unsqueeze(0).expand(input.MaskFeatures.shape[0], -1, -1);
        List<Tensor> states = [x];
        List<Prediction> predictions = [Predict(x, input.MaskFeatures)];
        for (var i = 0; i < Layers.Count; i++)
        {
            var level = i % DeformableAttention.Levels;
            x = Layers[i]
                .Forward(x, QueryPositions, keys[level], values[level], Hidden(predictions[^1].Masks, input.Scales[level].shape[2..]));
            states.Add(x);
            predictions.Add(Predict(x, input.MaskFeatures));
        }

        return new DecoderOutput(states, predictions);
    }

    /// <summary>
    /// Where a query may not look, [b, 1, q, h w]: outside of its mask at that size. A query whose mask is empty may look everywhere.
    /// </summary>
    internal static Tensor Hidden(Tensor masks, long[] size)
    {
        using var frozen = no_grad();
        var outside = functional
            .interpolate(masks.detach(), size: size, mode: InterpolationMode.Bilinear, align_corners: false)
            .flatten(2)
            .lt(PinnedScalar.Of(0));
        return outside.logical_and(outside.all(-1, keepdim: true).logical_not()).unsqueeze(1);
    }

    private Prediction Predict(Tensor state, Tensor maskFeatures)
    {
        var x = Norm.forward(state);
        var embedding = MaskEmbedder[2].forward(MaskEmbedder[1].forward(MaskEmbedder[0].forward(x).relu()).relu());
        var masks = embedding
            .matmul(maskFeatures.flatten(2))
            .view(embedding.shape[0], embedding.shape[1], maskFeatures.shape[2], maskFeatures.shape[3]);
        return new Prediction(_classPredictor.forward(x), masks);
    }

    /// <summary>An embedding table: one parameter named weight.</summary>
    private sealed class Table : NamedModule<Tensor, Tensor>
    {
        internal Table(Parameter weight) : base(nameof(Table)) => register_parameter("weight", weight);

        /// <inheritdoc />
        public override Tensor forward(Tensor input) => throw new NotSupportedException();
    }
}

/// <summary>Masked cross-attention, self-attention, feed-forward; each with its residual and the layer norm after it.</summary>
internal sealed class MaskedDecoderLayer : NamedModule<Tensor, Tensor>, IMixedPrecision
{
    internal MaskedDecoderLayer(Mask2FormerConfig config) : base(nameof(MaskedDecoderLayer))
    {
        var size = config.HiddenSize;
        Heads = config.Heads;
        CrossInputWeight = new Parameter(zeros(3 * size, size, device: DeviceScope.Current));
        CrossInputBias = new Parameter(zeros(3 * size, device: DeviceScope.Current));
        (CrossOutput, CrossNorm) = (new LinearLayer(size, size), new LayerNormalization(size));
        (SelfQuery, SelfKey, SelfValue) = (new LinearLayer(size, size), new LinearLayer(size, size), new LinearLayer(size, size));
        (SelfOutput, SelfNorm) = (new LinearLayer(size, size), new LayerNormalization(size));
        (Expand, Reduce) = (new LinearLayer(size, config.DecoderFeedForward), new LinearLayer(config.DecoderFeedForward, size));
        FinalNorm = new LayerNormalization(size);

        var cross = new ModuleGroup(("out_proj", CrossOutput));
        cross.register_parameter("in_proj_weight", CrossInputWeight);
        cross.register_parameter("in_proj_bias", CrossInputBias);
        register_module("cross_attn", cross);
        register_module("cross_attn_layer_norm", CrossNorm);
        register_module(
            "self_attn",
            new ModuleGroup(("q_proj", SelfQuery), ("k_proj", SelfKey), ("v_proj", SelfValue), ("out_proj", SelfOutput))
        );
        register_module("self_attn_layer_norm", SelfNorm);
        register_module("fc1", Expand);
        register_module("fc2", Reduce);
        register_module("final_layer_norm", FinalNorm);
    }

    /// <inheritdoc />
    public TrainingPrecision Precision { get; set; }

    internal int Heads { get; }

    /// <summary>Rows for queries, keys and values, in this order.</summary>
    internal Parameter CrossInputWeight { get; }

    internal Parameter CrossInputBias { get; }

    internal LinearLayer CrossOutput { get; }

    internal LayerNormalization CrossNorm { get; }

    internal LinearLayer SelfQuery { get; }

    internal LinearLayer SelfKey { get; }

    internal LinearLayer SelfValue { get; }

    internal LinearLayer SelfOutput { get; }

    internal LayerNormalization SelfNorm { get; }

    internal LinearLayer Expand { get; }

    internal LinearLayer Reduce { get; }

    internal LayerNormalization FinalNorm { get; }

    /// <summary>One layer.</summary>
    /// <param name="x">Queries [b, q, d].</param>
    /// <param name="positions">Query positions [q, d].</param>
    /// <param name="keys">Pixels with positions added [b, n, d].</param>
    /// <param name="values">Pixels [b, n, d].</param>
    /// <param name="hidden">True where a query may not look, [b, 1, q, n].</param>
    internal Tensor Forward(Tensor x, Tensor positions, Tensor keys, Tensor values, Tensor hidden)
    {
        var size = x.shape[2];
        var weight = CrossInputWeight.chunk(3, 0);
        var bias = CrossInputBias.chunk(3, 0);
        var cross = Attend(
            Precision.Linear(x.SafeAdd(positions), weight[0], bias[0]),
            Precision.Linear(keys, weight[1], bias[1]),
            Precision.Linear(values, weight[2], bias[2]),
            hidden);
        x = CrossNorm.forward(x.SafeAdd(CrossOutput.forward(cross)));
        var placed = x.SafeAdd(positions);
        var own = Attend(SelfQuery.forward(placed), SelfKey.forward(placed), SelfValue.forward(x), null);
        x = SelfNorm.forward(x.SafeAdd(SelfOutput.forward(own)));
        return FinalNorm.forward(x.SafeAdd(Reduce.forward(Expand.forward(x).relu())));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => throw new NotSupportedException("The layer needs pixels; call Forward.");

    private Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? hidden)
    {
        var width = query.shape[2] / Heads;
        var scores = Precision.Multiply(Split(query * PinnedScalar.Of(1 / Math.Sqrt(width))), Split(key).transpose(2, 3));
        if (hidden is not null) scores = scores.masked_fill(hidden, PinnedScalar.Of(double.NegativeInfinity));
        return Precision.Multiply(scores.softmax(-1), Split(value)).transpose(1, 2).flatten(2);
    }

    private Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], Heads, -1).transpose(1, 2);
}
