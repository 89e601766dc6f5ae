namespace FreeMask.Vision.Export;

/// <summary>A layout of files that public readers know.</summary>
internal interface IDatasetFormat
{
    /// <summary>The name users say, lower case.</summary>
    string Name { get; }

    /// <summary>Where readers begin, relative to the export's folder.</summary>
    string DataRoot { get; }

    /// <summary>Starts writing into an empty folder.</summary>
    IDatasetWriter Begin(string folder, ExportOptions options);
}

/// <summary>Writes one data set.</summary>
internal interface IDatasetWriter
{
    /// <summary>Writes one sample.</summary>
    void Add(ExportItem item, DatasetPart part, ExportSample sample);

    /// <summary>Writes lists and indices after the last sample.</summary>
    void Complete();
}
