
namespace FreeMask.Grains.Devices;

/// <summary>Key of samples that may share a batch: stage, run, round, donors and scoring model.</summary>
internal readonly record struct BatchKey(string Run, int Round, Stage Stage, string? Donors, string? ScoringModel);

/// <summary>A queued sample and its request.</summary>
internal readonly record struct QueuedItem(BatchRequest Request, WorkItem Item);

/// <summary>
/// A device's bounded queue. Batches are formed greedily: a full batch if there is one, else the group that waits longest. No sample waits
/// for others, and with two batches of samples in flight batches fill by themselves.
/// </summary>
internal sealed class BatchQueue(StageTable stages, int capacity)
{
    private readonly List<(BatchKey Key, LinkedList<QueuedItem> Items)> _groups = [];

    /// <summary>Queued samples.</summary>
    public int Count { get; private set; }

    /// <summary>The batch key of a request.</summary>
    public static BatchKey KeyOf(BatchRequest request) =>
        new(request.Run, request.Round, request.Stage, request.Donors, request.ScoringModel?.Weights);

    /// <summary>All queued samples.</summary>
    public IEnumerable<QueuedItem> Items => _groups.SelectMany(g => g.Items);

    /// <summary>Queues as many items of a request as there is room for, from the front.</summary>
    /// <returns>How many were queued.</returns>
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

    /// <summary>Removes the next batch; empty if nothing is queued. Groups are served round robin.</summary>
    public List<QueuedItem> TakeBatch()
    {
        if (_groups.Count == 0) return [];
        var chosen = Math.Max(0, _groups.FindIndex(g => g.Items.Count >= SizeOf(g.Items)));
        var group = _groups[chosen];
        var batch = new List<QueuedItem>();
        for (var size = SizeOf(group.Items); batch.Count < size && group.Items.First is { } first; group.Items.RemoveFirst())
            batch.Add(first.Value);
        Count -= batch.Count;
        // A served group goes to the back, so that no run starves another.
        _groups.RemoveAt(chosen);
        if (group.Items.Count > 0) _groups.Add(group);
        return batch;
    }

    /// <summary>Removes all queued samples of a shard.</summary>
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

    /// <summary>Removes all queued samples.</summary>
    public List<QueuedItem> Clear()
    {
        var all = Items.ToList();
        _groups.Clear();
        Count = 0;
        return all;
    }

    private int SizeOf(LinkedList<QueuedItem> items) => stages[items.First!.Value.Request.Stage].BatchSize(items.First.Value.Request.Spec);
}
