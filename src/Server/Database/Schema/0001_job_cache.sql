-- The external job cache: the tables of Salt's pgjsonb returner, laid out so that no return is refused.
--
-- Table and column names are pgjsonb's, so that the stock returner works unchanged. What differs, and why:
--   text instead of varchar(50|255)    a function name of 51 characters lost its return
--   json instead of jsonb              jsonb refuses \u0000 in a string, which lost the return
--   no GIN indexes                     they halve the insert rate and nothing of ours uses them
--   partitions by day with a default   ending a day is a drop; a row outside every day still has a home
-- Only housekeeping ends rows: row-level security lets a master's DELETE succeed and remove nothing.

create schema if not exists saltern;
create schema salt;

create table salt.jids (
    jid  text not null primary key,
    load json not null);

-- The collation of ids is that of minion.minion_id: with another one PostgreSQL compares the two without the index.
create table salt.salt_returns (
    fun        text not null,
    jid        text not null,
    return     json not null,
    id         text collate "C" not null,
    success    text not null,
    full_ret   json not null,
    alter_time timestamp with time zone default now())
    partition by range (alter_time);
create index salt_returns_jid_id on salt.salt_returns (jid, id);
create table salt.salt_returns_default partition of salt.salt_returns default;

create sequence salt.seq_salt_events_id;
create table salt.salt_events (
    id         bigint not null default nextval('salt.seq_salt_events_id'),
    tag        text not null,
    data       json not null,
    alter_time timestamp with time zone default now(),
    master_id  text not null)
    partition by range (alter_time);
-- Minions name the tags of their events. A hash holds a tag of any length; a btree would refuse one of 3,000 random
-- characters, and the whole batch of events with it.
create index salt_events_tag on salt.salt_events using hash (tag);
create table salt.salt_events_default partition of salt.salt_events default;

-- One row per return that carries our tag, in order of arrival, with all that settling needs, so that the body
-- stays unopened. Append-only: no unique key, no conflict; the settler deletes exactly the rows it has read. held_for
-- is a kind that the settler who looked did not know: such a row waits for a node that does.
create table saltern.inbox (
    id          bigint generated always as identity primary key,
    jid         text not null,
    minion_id   text collate "C" not null,
    returned_at timestamp with time zone,
    success     boolean not null,
    held_for    text)
    with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- One row per salt/minion/<id>/start event: a restart or a mere reconnect, in any case a sign of life.
create table saltern.start_inbox (
    id         bigint generated always as identity primary key,
    minion_id  text collate "C" not null,
    master_id  text not null,
    started_at timestamp with time zone);

-- A time that programs can hold; null for infinity and the year 20000, which nobody could read out of the inbox.
create function saltern.usable_time(given timestamp with time zone) returns timestamp with time zone
    language sql immutable parallel safe
    return case when given >= '0002-01-01Z' and given < '9999-01-01Z' then given end;

-- These two must never raise: a trigger that raises loses the return. What they miss, the sweep finds in
-- salt_returns. NOTIFY takes a database-wide lock at commit; whoever gets the advisory lock notifies for all that
-- insert at the same time (measured: 0.81 of the rate without a trigger, 0.35 when every return notifies).
create function saltern.take_return() returns trigger
    language plpgsql security definer set search_path = saltern, pg_temp as $$
begin
    begin
        insert into inbox (jid, minion_id, returned_at, success)
        values (new.jid, new.id, saltern.usable_time(new.alter_time), new.success = 'true');
        if pg_try_advisory_xact_lock(7261, 1) then
            notify saltern_inbox;
        end if;
    exception when others then
        null;
    end;
    return null;
end $$;

create function saltern.take_start_event() returns trigger
    language plpgsql security definer set search_path = saltern, pg_temp as $$
begin
    begin
        insert into start_inbox (minion_id, master_id, started_at)
        values (split_part(new.tag, '/', 3), new.master_id, saltern.usable_time(new.alter_time));
        if pg_try_advisory_xact_lock(7261, 1) then
            notify saltern_inbox;
        end if;
    exception when others then
        null;
    end;
    return null;
end $$;

create trigger take_return after insert on salt.salt_returns
    for each row when (new.jid like '%\_s1') execute function saltern.take_return();
create trigger take_start_event after insert on salt.salt_events
    for each row when (new.tag like 'salt/minion/%/start') execute function saltern.take_start_event();

-- The group role of masters: what the returner needs and nothing else. A master logs in with a role of its own
-- that is a member (made by `saltern returner-role`). Roles belong to the whole PostgreSQL cluster, so it may exist;
-- where ours may not create roles, an administrator makes it beforehand.
do $$ begin
    if not exists (select from pg_roles where rolname = 'saltern_returner') then
        create role saltern_returner nologin;
    end if;
exception when duplicate_object or unique_violation then
    null;
end $$;
grant usage on schema salt to saltern_returner;
grant select, insert, delete on salt.jids, salt.salt_returns, salt.salt_events to saltern_returner;
grant update (load) on salt.jids to saltern_returner;
grant usage on sequence salt.seq_salt_events_id to saltern_returner;

-- Whatever PostgreSQL gives to everybody, masters included: functions, those of later changes too, and temporary
-- tables, with which a master's password would fill our disk.
revoke execute on all functions in schema saltern from public;
alter default privileges revoke execute on functions from public;
do $$ begin
    execute format('revoke temporary on database %I from public', current_database());
end $$;

alter table salt.jids enable row level security;
alter table salt.salt_returns enable row level security;
alter table salt.salt_events enable row level security;
create policy returner_reads on salt.jids for select to saltern_returner using (true);
create policy returner_writes on salt.jids for insert to saltern_returner with check (true);
create policy returner_updates on salt.jids for update to saltern_returner using (true) with check (true);
create policy returner_reads on salt.salt_returns for select to saltern_returner using (true);
create policy returner_writes on salt.salt_returns for insert to saltern_returner with check (true);
create policy returner_reads on salt.salt_events for select to saltern_returner using (true);
create policy returner_writes on salt.salt_events for insert to saltern_returner with check (true);
