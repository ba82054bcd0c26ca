namespace Saltern.Simulation;

/// <summary>
/// What the simulation lays under the server's schema: the database's clock is the world's, each change of a status is
/// noted, and a transaction can be made to fail at its commit.
/// </summary>
internal static class Ground
{
    /// <summary>
    /// Looked up before pg_catalog, so that the leases, which live by the database's clock, follow the world's.
    /// </summary>
    public const string SearchPath = "simulation,saltern,pg_catalog";

    public const string LaySql = """
        create schema simulation;
        create table simulation.clock (at timestamptz not null);
        insert into simulation.clock values ('2026-03-02 08:00Z');
        create function simulation.now() returns timestamptz language sql stable
            as 'select at from simulation.clock';
        create table simulation.transition (
            id bigint generated always as identity, action_id bigint, minion_key bigint, before text, after text,
            guessed boolean, again boolean);
        create function simulation.note() returns trigger language plpgsql as $$
        begin
            insert into simulation.transition (action_id, minion_key, before, after, guessed, again)
            values (old.action_id, old.minion_key, old.status, new.status, old.guessed,
                -- Queued again by ourselves: there was an attempt, and no user's order since.
                old.attempt > 0 and not exists (
                    select 1 from saltern.earlier_attempt e
                    where e.action_id = old.action_id and e.minion_key = old.minion_key
                      and e.number = old.attempt and e.ordered));
            return null;
        end $$;
        create trigger note after update on saltern.action_target for each row
            when (old.status is distinct from new.status) execute function simulation.note();
        create table simulation.fault (fails_at bigint);
        create sequence simulation.writes;
        create function simulation.fail() returns trigger language plpgsql as $$
        begin
            if nextval('simulation.writes') = (select fails_at from simulation.fault) then
                raise exception 'the simulation cuts this connection' using errcode = '57P01';
            end if;
            return null;
        end $$;
        create constraint trigger fail after update on saltern.action_counts deferrable initially deferred
            for each row execute function simulation.fail();
        create constraint trigger fail after insert or update on saltern.submission deferrable initially deferred
            for each row execute function simulation.fail();
        """;

    public const string SetClockSql = "update simulation.clock set at = $1";

    /// <summary>
    /// The next transaction but some ($1 writes) fails at its commit. One: who tries again later waits by the clock,
    /// which stands while a pass runs.
    /// </summary>
    public const string ArmSql = "insert into simulation.fault select last_value + $1 from simulation.writes";

    public const string DisarmSql = "delete from simulation.fault";

    public const string EndSessionsSql = """
        select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
        where datname = current_database() and application_name = 'node'
        """;

    public const string ReplaySql = """
        insert into saltern.inbox (jid, minion_id, returned_at, success)
        select r.jid, r.id, saltern.usable_time(r.alter_time), (r.success = 'true') = $1
        from salt.salt_returns r
        join saltern.submission s on s.jid = r.jid
        join saltern.minion m on m.minion_id = r.id
        left join saltern.attempt a on a.submission_id = s.id and a.minion_key = m.minion_key
        where (s.is_ask and s.outstanding = 0
               or a.status in ('Completed', 'Failed') and not a.guessed and a.returned_at is not null)
          and not exists (select 1 from saltern.inbox i where i.jid = r.jid and i.minion_id = r.id)
        order by md5(r.jid || r.id || $2::text) limit 5
        """;

    public const string PictureSql = """
        select t::text
        from (select action_id, minion_key, status, guessed, ran_anyway, attempt, settled_at, reason
              from saltern.action_target) t
        order by t
        """;
}
