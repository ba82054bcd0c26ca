using System.Text.Json;

namespace Saltern.Server.Salt;

/// <summary>
/// What the end of a request means for a submission. Pure. The rule behind each line: whatever may have published is
/// Unclear, and only a status that salt-api gives before it publishes says more. 406 comes after the job has run off,
/// and a 500 or 504 comes while the master still tries.
/// </summary>
internal static class SubmitReading
{
    public static SubmitOutcome Of(SaltExchange exchange, IReadOnlyList<MinionId> minions, Jid jid) => exchange switch
    {
        SaltExchange.Answered answered => OfAnswer(answered, minions, jid),
        SaltExchange.NotSent notSent => new SubmitOutcome.NotSent(notSent.Reason, CauseOf(notSent.Cause)),
        SaltExchange.NotPermitted refused => new SubmitOutcome.Refused(refused.Reason),
        SaltExchange.Lost lost => new SubmitOutcome.Unclear(lost.Reason),
        _ => throw new InvalidOperationException("An exchange has four ends."),
    };

    private static NotSentCause CauseOf(SaltFailure failure) =>
        failure is SaltFailure.NotAllowed ? NotSentCause.NotAllowed : NotSentCause.Unreachable;

    private static SubmitOutcome OfAnswer(SaltExchange.Answered answer, IReadOnlyList<MinionId> minions, Jid jid)
    {
        if (answer.Status is >= 200 and < 300)
        {
            return OfBody(answer.Body, minions, jid);
        }
        var reason = SaltErrorText.Of(answer.Status, answer.Body);
        return answer.Status switch
        {
            400 or 404 or 405 or 413 => new SubmitOutcome.Refused(reason),
            401 or 403 => new SubmitOutcome.NotSent(reason, NotSentCause.NotAllowed),
            // A redirect comes from something before salt-api, and we do not follow it.
            >= 300 and < 400 => new SubmitOutcome.NotSent(reason, NotSentCause.Unreachable),
            _ => new SubmitOutcome.Unclear(reason),
        };
    }

    private static SubmitOutcome OfBody(byte[] body, IReadOnlyList<MinionId> minions, Jid jid)
    {
        var answer = SaltBody.SingleReturn(body);
        if (answer is not SaltAnswer<JsonElement>.Given { Value: var published })
        {
            return new SubmitOutcome.Unclear(((SaltAnswer<JsonElement>.Failed)answer).Reason);
        }
        if (published.ValueKind is not JsonValueKind.Object)
        {
            return new SubmitOutcome.Unclear($"The answer holds {published.ValueKind} where the job should be.");
        }
        // An empty object: none of the names has an accepted key, so there was nobody to publish to.
        return published.EnumerateObject().Any()
            ? OfPublished(published, minions, jid)
            : new SubmitOutcome.Accepted(minions);
    }

    private static SubmitOutcome OfPublished(JsonElement published, IReadOnlyList<MinionId> minions, Jid jid)
    {
        if (SaltJson.Text(SaltJson.Member(published, "jid")) is var answered && answered != jid.Value)
        {
            return new SubmitOutcome.Unclear($"The answer is about the jid '{answered}' and not about {jid}.");
        }
        var list = SaltJson.Member(published, "minions");
        if (list.ValueKind is not JsonValueKind.Array)
        {
            return new SubmitOutcome.Unclear("The answer does not name the minions.");
        }
        var known = SaltBody.Texts(list).ToHashSet(StringComparer.Ordinal);
        return new SubmitOutcome.Accepted([.. minions.Where(minion => !known.Contains(minion.Value))]);
    }
}
