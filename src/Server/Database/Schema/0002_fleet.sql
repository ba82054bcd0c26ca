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
    health            text not null default 'unknown' check (health in ('unknown', 'up', 'unreachable', 'not allowed')),
    health_reason     text,
    health_at         timestamp with time zone,
    failures          integer not null default 0,
    unavailable_until timestamp with time zone,
    keys_read_at      timestamp with time zone);

-- One row: whether dispatch as a whole is paused, by whom and why.
create table saltern.dispatch_pause (
    only_row  boolean primary key default true check (only_row),
    paused_at timestamp with time zone,
    paused_by text,
    reason    text);
insert into saltern.dispatch_pause default values;

create table saltern.minion (
    minion_key           bigint generated always as identity primary key,
    key_domain_id        integer not null references saltern.key_domain,
    minion_id            text not null,
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
    ip_addresses         text[] not null default '{}',
    boot_id              text,
    grains               jsonb not null default '{}',
    refreshed_at         timestamp with time zone,
    last_contact_at      timestamp with time zone,
    first_seen_at        timestamp with time zone not null default now(),
    unique (key_domain_id, minion_id))
    with (fillfactor = 80);
create index minion_by_name on saltern.minion (minion_id, minion_key);
create index minion_by_master on saltern.minion (master_id, minion_key);

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
