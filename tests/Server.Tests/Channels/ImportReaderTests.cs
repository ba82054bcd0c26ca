using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;
using Saltern.Server.Tests.Gates;
using Saltern.Server.Tests.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.Channels;

public sealed class ImportReaderTests
{
    [Fact]
    public void The_list_of_SUSE_Customer_Center_is_read()
    {
        var import = Sle.Read(ImportFormat.Scc, Sle.Scc);

        Assert.Equal(4 + 4 + 4 + 2, import.Products.Count);
        Assert.Contains(new ProductExtension("305", "105", "205", false), import.Extensions);
        Assert.Contains(new ProductSuccessor("103", "105", true), import.Successors);
        Assert.Contains(new ProductSuccessor("50", "105", false), import.Successors);
        Assert.Contains(import.Channels, one => one is { Label: "sles15-sp5-pool-x86_64", ParentLabel: null });
        Assert.Contains(import.Channels, one => one is
            { Label: "sle-module-basesystem15-sp5-pool-x86_64", ParentLabel: "sles15-sp5-pool-x86_64" });
        Assert.DoesNotContain(import.Channels, one => one.Name.StartsWith("Installer", StringComparison.Ordinal));
        Assert.Contains(
            new ProductChannel("305", "105", "sle-module-server-applications15-sp5-pool-x86_64", true, false),
            import.ProductChannels);
    }

    [Fact]
    public void Two_repositories_of_one_name_get_labels_of_their_own()
    {
        const string Repository = """
            {"id": 7, "identifier": "A", "version": "1", "repositories": [
              {"id": 1, "name": "Updates", "url": "https://example.com/1/", "enabled": true},
              {"id": 2, "name": "Updates", "url": "https://example.com/2/", "enabled": true}]}
            """;
        Assert.Equal(
            ["updates", "updates-2"],
            Sle.Read(ImportFormat.Scc, $"[{Repository}]").Channels.Select(channel => channel.Label));
    }

    [Fact]
    public void Upgrade_paths_name_products_by_texts_of_digits() => Assert.Equal(
        [new ProductSuccessor("814", "1300", true)],
        Sle.Read(ImportFormat.UpgradePaths, """[{"from_pdid": "814", "to_pdid": "1300"}]""").Successors);

    [Fact]
    public void The_example_of_our_own_format_is_read()
    {
        var import = Sle.Read(ImportFormat.Yaml, SourceTree.Read("docs/examples/leap.yaml"));

        Assert.Equal("yaml:opensuse-leap", import.Source);
        Assert.Equal(["15.5", "15.6"], import.Products.Select(product => product.Version));
        Assert.Equal([new ProductSuccessor("leap-15.5-x86_64", "leap-15.6-x86_64", true)], import.Successors);
        Assert.Equal(10, import.Channels.Count);
        Assert.Equal(
            "leap-15.6-oss-x86_64",
            import.Channels.Single(channel => channel.Label == "leap-15.6-sle-x86_64").ParentLabel);
        Assert.Equal(2, import.ProductChannels.Count(channel => !channel.Mandatory));
    }

    [Fact]
    public void Keys_of_our_own_format_are_addresses_or_texts()
    {
        var import = Sle.Read(ImportFormat.Yaml, """
            source: x
            products:
              - id: a
                name: A
                version: "1"
                channels:
                  - label: one
                    url: https://example.com/1/
                    gpgKeys:
                      - https://example.com/1.key
                      - |
                        -----BEGIN PGP PUBLIC KEY BLOCK-----

                        mQ==
                        -----END PGP PUBLIC KEY BLOCK-----
                  - {label: two, url: "https://example.com/2/", signed: false}
            """);

        Assert.Null(import.Channels[1].GpgKeys);
        Assert.Equal(
            [
                "https://example.com/1.key",
                "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----",
            ],
            System.Text.Json.JsonSerializer.Deserialize<string[]>(import.Channels[0].GpgKeys!)!);
    }

    [Theory]
    [InlineData("scc", "{}", "document", "a list of entries is allowed")]
    [InlineData("scc", "[", "line 1", "not JSON")]
    [InlineData("scc", "[]", "document", "at least one is needed")]
    [InlineData("scc", """[{"id":1,"identifier":"A"},{"identifier":"B"}]""", "[1].id", "is missing")]
    [InlineData("scc", """[{"id":1,"identifier":"A","extensions":[{"id":2}]}]""",
        "[0].extensions[0].identifier", "is missing")]
    [InlineData("scc", """[{"id":1,"identifier":"A","product_type":"odd"}]""", "[0].product_type",
        "base, module, extension")]
    [InlineData("scc", """[{"id":1,"identifier":"\ud83d"}]""", "[0].identifier", "can be stored")]
    [InlineData("product-tree",
        """[{"channel_label":"a b","product_id":1,"root_product_id":1,"url":"https://x/"}]""", "[0].channel_label",
        "letters, digits")]
    [InlineData("product-tree",
        """[{"channel_label":"a","product_id":1,"root_product_id":1,"url":"x","mandatory":3}]""", "[0].url", "address")]
    [InlineData("upgrade-paths", """[{"from_pdid":"x","to_pdid":1}]""", "[0].from_pdid", "number")]
    [InlineData("yaml", "source: x\nproducts:\n  - {id: a, name: A, version: '1', channels: "
        + "[{label: l, url: 'https://e/', gpgKeys: ['-----BEGIN PGP PRIVATE KEY BLOCK-----']}]}",
        "products[0].channels[0].gpgKeys[0]", "neither the address of a key (https or file) nor a public key")]
    [InlineData("yaml", "source: x\nproducts:\n  - {id: a, name: A, version: '1', channels: "
        + "[{label: l, url: 'https://e/', gpgKeys: ['https://user:secret@e/key']}]}",
        "products[0].channels[0].gpgKeys[0]", "neither the address of a key (https or file) nor a public key")]
    [InlineData("yaml", "source: x\nproducts:\n  - {id: a, name: A, version: '1', channels: "
        + "[{label: l, url: 'https://e/', gpgKeys: ['http://e/key']}]}",
        "products[0].channels[0].gpgKeys[0]", "neither the address of a key (https or file) nor a public key")]
    [InlineData("yaml", "source: [", "line", "not YAML")]
    [InlineData("yaml", "source: x\nproducts:\n  - {id: a, name: A, version: '1', chanels: []}",
        "products[0].chanels", "known are")]
    [InlineData("yaml", "source: x\nproducts:\n  - {id: a, name: A, version: '1', kind: module}",
        "products[0].on", "base products")]
    [InlineData("yaml",
        "source: x\nproducts:\n  - {id: a, name: A, version: '1'}\n  - {id: a, name: A, version: '2'}", "products",
        "'a' is given to 2")]
    public void What_is_wrong_with_a_file_is_said_with_its_place(
        string format, string text, string where, string message)
    {
        var refused = Assert.IsType<ImportReading.Refused>(
            ImportReader.Read(ImportFormats.Read(format)!.Value, text, null));
        Assert.Contains(
            refused.Errors,
            error => error.Where.StartsWith(where, StringComparison.Ordinal)
                && error.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_grows_by_aliases_of_aliases_is_refused()
    {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 9).Select(
            n => $"a{n}: &a{n} [{string.Join(',', Enumerable.Repeat($"*a{n - 1}", 9))}]\n"));
        var refused = Assert.IsType<ImportReading.Refused>(ImportReader.Read(ImportFormat.Yaml, text, null));
        Assert.Contains("nodes", refused.Errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_many_errors_is_a_short_answer()
    {
        var text = $"[{string.Join(',', Enumerable.Repeat("""{"id":1}""", 500))}]";
        var refused = Assert.IsType<ImportReading.Refused>(ImportReader.Read(ImportFormat.Scc, text, null));
        Assert.Equal((20, 500), (refused.Errors.Count, refused.Count));
    }
}
