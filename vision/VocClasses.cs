namespace FreeMask.Vision;

/// <summary>The classes that the mini bundle is trained for: those of PASCAL VOC.</summary>
internal static class VocClasses
{
    /// <summary>Names by index; 0 is background, 1-20 the object classes in VOC's order.</summary>
    public static IReadOnlyList<string> Names => LabelSet.Voc.Names;

    /// <summary>The index of a class by its VOC name, or -1.</summary>
    public static int IndexOf(string name) => LabelSet.Voc.IndexOf(name);

    /// <summary>The words of a class in a prompt: VOC's compound names are written apart, as a text encoder knows them.</summary>
    public static string PromptWords(string name) => IndexOf(name) is > 0 and var id ? LabelSet.Voc[id].Words : name;
}
