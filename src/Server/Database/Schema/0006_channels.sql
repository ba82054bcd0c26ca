-- Products, the software channels they need, and what minions have of both. What is imported belongs to a source (scc,
-- product-tree, upgrade-paths, yaml:<name>), and an import replaces the rows of its source. Sources speak of each
-- other's products by id, in any order, so there are no foreign keys between them; who reads them bears with gaps.

create table saltern.product_source (
    name        text primary key,
    format      text not null check (format in ('scc', 'product-tree', 'upgrade-paths', 'yaml')),
    imported_by text not null,
    imported_at timestamp with time zone not null);

-- id is SUSE Customer Center's number as text, or what a YAML file chose. name is the identifier that zypper shows.
create table saltern.product (
    source       text not null,
    id           text collate "C" not null,
    name         text not null,
    version      text not null,
    release_type text,
    arch         text,
    kind         text not null check (kind in ('base', 'module', 'extension')),
    title        text not null,
    stage        text not null,
    primary key (source, id));
create index product_by_id on saltern.product (id);

-- A product that can be installed on a base product (the root), and what it needs there: one of its parents.
create table saltern.product_extension (
    source      text not null,
    product_id  text collate "C" not null,
    root_id     text collate "C" not null,
    parent_id   text collate "C" not null,
    recommended boolean not null,
    primary key (source, product_id, root_id, parent_id));

-- way: online is an upgrade of the running system (zypper dup), offline one from an installation medium.
create table saltern.product_successor (
    source  text not null,
    from_id text collate "C" not null,
    to_id   text collate "C" not null,
    way     text not null check (way in ('online', 'offline')),
    primary key (source, from_id, to_id, way));

-- signed: whether minions check its signature. gpg_keys: a list of addresses of keys, or of keys as text.
create table saltern.software_channel (
    source       text not null,
    label        text collate "C" not null,
    name         text not null,
    url          text not null,
    arch         text,
    parent_label text collate "C",
    signed       boolean not null,
    gpg_keys     jsonb check (jsonb_typeof(gpg_keys) = 'array'),
    primary key (source, label));
create index software_channel_by_label on saltern.software_channel (label);

-- The channels of a product on a base product (the root; a base product is its own).
create table saltern.product_channel (
    source      text not null,
    product_id  text collate "C" not null,
    root_id     text collate "C" not null,
    label       text collate "C" not null,
    mandatory   boolean not null,
    recommended boolean not null,
    primary key (source, product_id, root_id, label));

-- A channel of our own that stands for an imported one: a state of it, frozen for tests or production. Clones that
-- belong together carry the name of a family.
create table saltern.channel_clone (
    label      text collate "C" primary key,
    original   text collate "C" not null,
    family     text not null,
    url        text not null,
    created_by text not null,
    created_at timestamp with time zone not null,
    unique (original, family));

-- Addresses that begin with prefix are served by target instead; the longest prefix wins.
create table saltern.channel_mirror (
    prefix text collate "C" primary key,
    target text not null);

-- What stands for the catalogue as it is: each statement that changes a table which it is read from changes the stamp as
-- well. A node that keeps what it has read compares it.
create table saltern.catalogue_stamp (
    only_row boolean primary key default true check (only_row),
    stamp    uuid not null default gen_random_uuid())
    with (fillfactor = 20);
insert into saltern.catalogue_stamp default values;

create function saltern.change_catalogue_stamp() returns trigger
    language plpgsql as $$
begin
    update saltern.catalogue_stamp set stamp = gen_random_uuid();
    return null;
end $$;

create trigger change_catalogue_stamp after insert or update or delete or truncate on saltern.product
    for each statement execute function saltern.change_catalogue_stamp();
create trigger change_catalogue_stamp after insert or update or delete or truncate on saltern.product_extension
    for each statement execute function saltern.change_catalogue_stamp();
create trigger change_catalogue_stamp after insert or update or delete or truncate on saltern.product_successor
    for each statement execute function saltern.change_catalogue_stamp();
create trigger change_catalogue_stamp after insert or update or delete or truncate on saltern.software_channel
    for each statement execute function saltern.change_catalogue_stamp();
create trigger change_catalogue_stamp after insert or update or delete or truncate on saltern.product_channel
    for each statement execute function saltern.change_catalogue_stamp();
create trigger change_catalogue_stamp after insert or update or delete or truncate on saltern.channel_clone
    for each statement execute function saltern.change_catalogue_stamp();
create trigger change_catalogue_stamp after insert or update or delete or truncate on saltern.channel_mirror
    for each statement execute function saltern.change_catalogue_stamp();

-- By address, as mirrored: another mirror is another question. A check is wanted from requested_at on; a node that
-- makes it keeps the others away until claimed_until.
create table saltern.channel_availability (
    url           text collate "C" primary key,
    available     boolean,
    reason        text,
    checked_at    timestamp with time zone,
    requested_at  timestamp with time zone,
    claimed_until timestamp with time zone,
    check ((available is null) = (checked_at is null)));
create index channel_availability_wanted on saltern.channel_availability (requested_at) where requested_at is not null;

-- What is installed is the same on many minions; one row for each set of products, found by its digest.
create table saltern.product_set (
    id       bigint generated always as identity primary key,
    digest   bytea not null unique,
    products json not null);

-- What a minion said it has. Repositories differ from minion to minion.
create table saltern.minion_software (
    minion_key      bigint primary key,
    product_set_id  bigint references saltern.product_set,
    products_at     timestamp with time zone,
    repositories    json,
    repositories_at timestamp with time zone,
    check ((product_set_id is null) = (products_at is null)),
    check ((repositories is null) = (repositories_at is null)));

-- The channels that are assigned to a minion: our own record, written by Channels.Assignments alone.
create table saltern.minion_channel (
    minion_key   bigint primary key,
    base_label   text collate "C" not null,
    child_labels text[] not null,
    changed_by   text not null,
    changed_at   timestamp with time zone not null);
