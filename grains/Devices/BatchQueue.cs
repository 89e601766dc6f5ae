
namespace FreeMask.Grains.Devices;

/// <summary>What may share a batch: one kind of work of one round, with one scoring model.</summary>
internal readonly record struct BatchKey(string Run, int Round, Stage Stage, string? Donors, string? ScoringModel);

/// <summary>A sample that waits for the device, with the order that brought it.</summary>
internal readonly record struct QueuedItem(BatchRequest Request, WorkItem Item);

/// <summary>
/// A device's bounded queue. Batches are taken greedily: a full one if there is any, else whatever waits longest. No item waits for others
/// to come, and with twice a batch in flight batches fill by themselves.
/// </summary>
internal sealed class BatchQueue(StageTable stages, int capacity)
{
    private readonly List<(BatchKey Key, LinkedList<QueuedItem> Items)> _groups = [];

    /// <summary>Samples that wait.</summary>
    public int Count { get; private set; }

    /// <summary>What an order's items may share a batch with.</summary>
    public static BatchKey KeyOf(BatchRequest request) => new(request.Run, request.Round, request.Stage, request.Donors, request.ScoringModel?.Weights);

    /// <summary>Everything that waits.</summary>
    public IEnumerable<QueuedItem> Items => _groups.SelectMany(g => g.Items);

    /// <summary>Takes as many items of an order as there is room for, from the front.</summary>
    /// <returns>How many were taken.</returns>
    public int Add(BatchRequest request)
    {
        var taken = Math.Min(request.Items.Length, capacity - Count);
        if (taken <= 0) return 0;
        var key = KeyOf(request);
        var group = _groups.FirstOrDefault(g => g.Key == key).Items;
        if (group is null) _groups.Add((key, group = []));
        for (var i = 0; i < taken; i++) group.AddLast(new QueuedItem(request, request.Items[i]));
        Count += taken;
        return taken;
    }

    /// <summary>Takes the next batch; empty where nothing waits. Groups stand in the order in which they last came to the front.</summary>
    public List<QueuedItem> TakeBatch()
    {
        if (_groups.Count == 0) return [];
        var chosen = Math.Max(0, _groups.FindIndex(g => g.Items.Count >= SizeOf(g.Items)));
        var group = _groups[chosen];
        var batch = new List<QueuedItem>();
        for (var size = SizeOf(group.Items); batch.Count < size && group.Items.First is { } first; group.Items.RemoveFirst()) batch.Add(first.Value);
        Count -= batch.Count;
        // A group that is served goes to the back, so that no run starves another.
        _groups.RemoveAt(chosen);
        if (group.Items.Count > 0) _groups.Add(group);
        return batch;
    }

    /// <summary>Gives back everything that a shard has waiting.</summary>
    public List<int> CancelQueued(string shard)
    {
        var withdrawn = new List<int>();
        foreach (var (_, items) in _groups)
            for (var node = items.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Request.Shard == shard)
                {
                    withdrawn.Add(node.Value.Item.Index);
                    items.Remove(node);
                }

                node = next;
            }

        _groups.RemoveAll(g => g.Items.Count == 0);
        Count -= withdrawn.Count;
        return withdrawn;
    }

    /// <summary>Gives back everything.</summary>
    public List<QueuedItem> Clear()
    {
        var all = Items.ToList();
        _groups.Clear();
        Count = 0;
        return all;
    }

    private int SizeOf(LinkedList<QueuedItem> items) => stages[items.First!.Value.Request.Stage].BatchSize(items.First.Value.Request.Spec);
}
