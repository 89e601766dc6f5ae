using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace FreeMask.Dashboard.Security;

/// <summary>
/// Keeps the keys of cookies and forms in memory: nothing is written to the home folder, and who signed in signs in again after a restart.
/// </summary>
internal sealed class MemoryKeys : IXmlRepository
{
    private readonly Lock _lock = new();
    private readonly List<XElement> _keys = [];

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (_lock) return [.. _keys];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        lock (_lock) _keys.Add(new XElement(element));
    }
}
