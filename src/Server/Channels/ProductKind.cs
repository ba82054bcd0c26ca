namespace Saltern.Server.Channels;

/// <summary>What a product is to others. The words, in lower case, are a check in the schema.</summary>
internal enum ProductKind
{
    /// <summary>What a machine runs; each has exactly one.</summary>
    Base,

    /// <summary>A part of a base product, without a price of its own.</summary>
    Module,

    Extension,
}
