-- Masters, and the minions they know. A minion is a key of ours, unique by (key domain, minion id): two independent
-- masters may each have a web1, and a minion may move between the masters of one key domain.

create table saltern.key_domain (
    id   integer generated always as identity primary key,
    name text not null unique);

-- Settings of masters (address, credentials) live in the configuration, never here; this is their state.
create table saltern.master (
    id                integer generated always as identity primary key,
    name              text not null unique,
    key_domain_id     integer not null references saltern.key_domain,
    paused_at         timestamp with time zone,
    paused_by         text,
    pause_reason      text,
    health            text not null default 'unknown' check (health in ('unknown', 'up', 'unreachable', 'not allowed')),
    health_reason     text,
    health_at         timestamp with time zone,
    failures          integer not null default 0,
    unavailable_until timestamp with time zone,
    -- A node looks whether the master is back; the others wait for what it finds, at most until then.
    probe_until       timestamp with time zone,
    keys_read_at      timestamp with time zone,
    keys_doubted_at   timestamp with time zone,
    keys_doubt        text,
    check ((keys_doubted_at is null) = (keys_doubt is null)));

-- One row: whether dispatch as a whole is paused, by whom and why.
create table saltern.dispatch_pause (
    only_row  boolean primary key default true check (only_row),
    paused_at timestamp with time zone,
    paused_by text,
    reason    text);
insert into saltern.dispatch_pause default values;

-- Grains go out of line even when they are short: counting the fleet then reads narrow rows.
create table saltern.minion (
    minion_key           bigint generated always as identity primary key,
    key_domain_id        integer not null references saltern.key_domain,
    minion_id            text collate "C" not null,
    master_id            integer references saltern.master,
    key_status           text not null default 'accepted'
                         check (key_status in ('accepted', 'pending', 'rejected', 'denied', 'deleted')),
    key_fingerprint      text,
    fingerprint_conflict boolean not null default false,
    os                   text,
    os_release           text,
    os_family            text,
    kernel_release       text,
    cpu_arch             text,
    salt_version         text,
    ip_addresses         inet[] not null default '{}',
    boot_id              text,
    grains               jsonb not null default '{}',
    refreshed_at         timestamp with time zone,
    refresh_ordered_at   timestamp with time zone,
    first_seen_at        timestamp with time zone not null default now(),
    unique (key_domain_id, minion_id))
    with (fillfactor = 80, toast_tuple_target = 256);
create index minion_by_name on saltern.minion (minion_id, minion_key);
create index minion_never_refreshed on saltern.minion (minion_key)
    where key_status = 'accepted' and refreshed_at is null;
create index minion_by_master on saltern.minion (master_id, minion_key);

-- When each minion was last heard from; none has a row before that. Apart from the minion, since a fleet that answers
-- changes all of it: 10 MB for 100,000. Half-full pages have room for the new versions of all their rows, and no index
-- needs new entries, unless a minion starts. started_at is the time of its latest start event: an older one that arrives later (a master's
-- spool is replayed) does not say where the minion is now.
create table saltern.minion_contact (
    minion_key      bigint primary key,
    last_contact_at timestamp with time zone not null,
    started_at      timestamp with time zone)
    with (fillfactor = 50);
create index minion_contact_by_start on saltern.minion_contact (started_at) where started_at is not null;

create table saltern.minion_group (
    id         bigint generated always as identity primary key,
    name       text not null unique,
    rule       text,
    created_by text not null,
    created_at timestamp with time zone not null);

-- Members by hand; a group with a rule has none, its minions are found when an action is scheduled or starts.
create table saltern.minion_group_member (
    group_id   bigint not null references saltern.minion_group on delete cascade,
    minion_key bigint not null references saltern.minion on delete cascade,
    primary key (group_id, minion_key));

-- Whether a grain target matches, as Salt's subdict_match finds out. For the target a:b:c*, path is {a,b,c*}, rests are
-- the patterns that are left after each number of leading parts ({b:c*,c*}), and patterns are these as regular
-- expressions (null where none can be made). `reached` parts lead from the grains to `value`.
create function saltern.grain_matches(value jsonb, path text[], rests text[], patterns text[], reached integer)
returns boolean language plpgsql immutable parallel safe as $$
declare
    kind   text := jsonb_typeof(value);
    next   text := path[reached + 1];
    deeper boolean := reached + 1 < cardinality(path);
    member jsonb;
begin
    if kind = 'object' then
        if reached > 0 and value <> '{}' and (rests[reached] = '*' or value ? rests[reached]) then
            return true;
        end if;
        if deeper and next = '*' then
            -- A star stands for any key, and for no level at all. Lists below it are matched by their plain members.
            if saltern.grain_matches(value, path, rests, patterns, reached + 1) then
                return true;
            end if;
            for member in
                select coalesce(item, each.value) from jsonb_each(value) each
                left join lateral jsonb_array_elements(
                    case jsonb_typeof(each.value) when 'array' then each.value end) item on true
                where jsonb_typeof(each.value) <> 'array' or jsonb_typeof(item) not in ('array', 'object') loop
                if saltern.grain_matches(member, path, rests, patterns, reached + 1) then
                    return true;
                end if;
            end loop;
        end if;
        return deeper and value ? next and saltern.grain_matches(value -> next, path, rests, patterns, reached + 1);
    end if;
    if kind = 'array' then
        if deeper and next ~ '^-?[0-9]{1,9}$'
           and saltern.grain_matches(value -> next::integer, path, rests, patterns, reached + 1) then
            return true;
        end if;
        for member in select e from jsonb_array_elements(value) e loop
            if jsonb_typeof(member) <> 'array' and saltern.grain_matches(member, path, rests, patterns, reached) then
                return true;
            end if;
        end loop;
        return false;
    end if;
    return kind is not null
        and coalesce((case kind when 'null' then 'None' else value #>> '{}' end) ~ patterns[reached], false);
end $$;

-- What PostgreSQL has against a regular expression; null when it takes it. Returned, not raised: the caller is in a
-- transaction that must go on.
create function saltern.regex_problem(pattern text) returns text
language plpgsql stable set search_path = saltern, pg_temp as $$
begin
    perform '' ~ pattern;
    return null;
exception when invalid_regular_expression then
    return sqlerrm;
end $$;
