using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Channels;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// The arguments of a call that was prepared for some minions: the pillar that the states read (docs/service-packs.md),
/// and the assignment that it stands for.
/// </summary>
internal static class PreparedPillar
{
    private const string Pillar = "pillar";
    private const string Base = "baseLabel";
    private const string Children = "childLabels";
    private const string Key = "saltern";

    public static string Of(JsonObject parameters, ChannelAssignment? assigned) => new JsonObject
    {
        [Base] = assigned?.BaseLabel,
        [Children] = new JsonArray([.. assigned?.ChildLabels.Select(label => (JsonNode)label) ?? []]),
        [Pillar] = new JsonObject { [Key] = parameters },
    }.ToJsonString();

    /// <summary>
    /// The pillar of prepared arguments, with what lets the minion in at its channels: that stands with no submission
    /// and is looked up for each call. Null for arguments as a user gave them.
    /// </summary>
    public static JsonObject? Find(JsonElement arguments, ChannelCredentials credentials)
    {
        if (SaltJson.Member(arguments, Base).ValueKind is JsonValueKind.Undefined
            || JsonNode.Parse(SaltJson.Member(arguments, Pillar).GetRawText()) is not JsonObject pillar)
        {
            return null;
        }

        foreach (var channel in (pillar[Key]?["channels"] as JsonArray ?? []).OfType<JsonObject>())
        {
            switch (channel["url"] is { } url ? credentials.For($"{url}") : null)
            {
                case { Username: { } user } known:
                    (channel["username"], channel["password"]) = (user, known.Secret);
                    break;
                case { Header: { } header } known:
                    channel["headers"] = new JsonObject { [header] = known.Secret };
                    break;
            }
        }

        return pillar;
    }

    public static ChannelAssignment? Assigned(JsonElement arguments) =>
        SaltJson.Text(SaltJson.Member(arguments, Base)) is { } label
            ? new ChannelAssignment(
                label, [.. SaltJson.Member(arguments, Children).EnumerateArray().Select(one => one.GetString()!)])
            : null;

    public static string? RunId(JsonElement arguments) => SaltJson.Text(
        SaltJson.Member(SaltJson.Member(SaltJson.Member(arguments, Pillar), Key), "run_id"));

    /// <summary>
    /// Assigned channels as the states take them, by their labels alone, so that the same assignment always gives the
    /// same; or the first label that no source lists, whose address is not known.
    /// </summary>
    public static (JsonArray? Channels, string? Unknown) Channels(
        ProductCatalogue catalogue, ChannelAssignment? assigned)
    {
        var channels = new JsonArray();
        foreach (var label in assigned?.Labels ?? [])
        {
            if (catalogue.Channel(label) is not { } channel)
            {
                return (null, label);
            }

            var given = new JsonObject
            {
                ["label"] = channel.Label, ["name"] = channel.Name, ["url"] = catalogue.UrlOf(channel),
                ["gpgcheck"] = channel.Signed,
            };
            if (channel.GpgKeys is { } keys)
            {
                given["gpgkey"] = JsonNode.Parse(keys);
            }

            channels.Add((JsonNode)given);
        }

        return (channels, null);
    }
}
