using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;
using MinionKey = Saltern.Server.Salt.MinionKey;

namespace Saltern.Server.Tests.Fleet;

/// <summary>A master that has keys and nothing else; a test moves them about, or takes the master down.</summary>
internal sealed class MasterWithKeys(string name) : ISaltApi
{
    private readonly List<(string List, MinionKey Key)> keys = [];

    public string Master => name;

    public SaltAnswer<MinionKeys>.Failed? Down { get; set; }

    /// <summary>What happens between the question and its answer.</summary>
    public Func<Task> Meanwhile { get; set; } = () => Task.CompletedTask;

    public int Orders { get; private set; }

    public MasterWithKeys Has(string list, string minion, string? fingerprint = null)
    {
        keys.Add((list, new MinionKey(MinionId.Parse(minion), fingerprint ?? $"fp-{minion}")));
        return this;
    }

    public MasterWithKeys HasNot(string minion)
    {
        keys.RemoveAll(entry => entry.Key.Minion.Value == minion);
        return this;
    }

    public async Task<SaltAnswer<MinionKeys>> KeysAsync(CancellationToken cancellationToken)
    {
        SaltAnswer<MinionKeys> answer = Down is not null ? Down : new SaltAnswer<MinionKeys>.Given(Listed());
        await Meanwhile();
        return answer;
    }

    public Task<SaltAnswer<MinionId>> AcceptKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        MoveAsync(minion, "accepted");

    public Task<SaltAnswer<MinionId>> RejectKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        MoveAsync(minion, "rejected");

    public Task<SaltAnswer<MinionId>> DeleteKeyAsync(MinionId minion, CancellationToken cancellationToken)
    {
        Orders++;
        HasNot(minion.Value);
        return Task.FromResult<SaltAnswer<MinionId>>(new SaltAnswer<MinionId>.Given(minion));
    }

    public Task<SubmitOutcome> SubmitAsync(
        SaltCall call, IReadOnlyList<MinionId> minions, Jid jid, SaltMetadata metadata,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<SaltAnswer<JsonElement>> RunnerAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<SaltAnswer<JsonElement>> WheelAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<SaltAnswer<MasterProbe>> ProbeAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private MinionKeys Listed() => new()
    {
        Accepted = Listed("accepted"),
        Pending = Listed("pending"),
        Rejected = Listed("rejected"),
        Denied = Listed("denied"),
        Unreadable = [],
    };

    private IReadOnlyList<MinionKey> Listed(string list) =>
        [.. keys.Where(entry => entry.List == list).Select(entry => entry.Key)];

    private Task<SaltAnswer<MinionId>> MoveAsync(MinionId minion, string list)
    {
        Orders++;
        var had = keys.FirstOrDefault(entry => entry.Key.Minion == minion);
        if (had.Key is null)
        {
            return Task.FromResult<SaltAnswer<MinionId>>(
                new SaltAnswer<MinionId>.Failed(SaltFailure.Error, $"no key of {minion}"));
        }

        HasNot(minion.Value);
        keys.Add((list, had.Key));
        return Task.FromResult<SaltAnswer<MinionId>>(new SaltAnswer<MinionId>.Given(minion));
    }
}
