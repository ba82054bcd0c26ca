-- Changes of minions' channels by runs of a migration, each with its way back. Written, and committed, before
-- anything is sent to the minion; ServicePacks.ChangeDeciding ends each by what the minion proves.

-- run_id: the minion's own record of the run goes by it. before, after: the assignment as JSON; before is null where
-- nothing was assigned. seen: what was known when it was last weighed. due_at: orders of our own about it are not given
-- again before. ordered, ordered_by: what a person decided where the minion did not say. attention: what a person has
-- to look at. apply_action_id brings the minion what is assigned to it now; ask_action_id asks it for the recorded
-- result of the run, since asked_at. reported: what the run said is in migration_run. unproven: of an earlier run within
-- this change nobody knows whether it changed packages. compare_action_id has it compare its packages of then and now.
-- product_set_id: what was installed when it was recorded.
create table saltern.channel_change (
    id              bigint generated always as identity primary key,
    action_id       bigint not null,
    minion_key      bigint not null,
    run_id          text not null,
    dry_run         boolean not null,
    target          text not null,
    options         text not null,
    before          jsonb,
    after           jsonb not null,
    state           text not null default 'Open'
                    check (state in ('Open', 'Unknown', 'Reverting', 'Reverted', 'Kept')),
    reason          text,
    attention       text,
    recorded_at     timestamp with time zone not null,
    decided_at      timestamp with time zone,
    ended_at        timestamp with time zone,
    seen            text,
    due_at          timestamp with time zone,
    apply_action_id bigint,
    ask_action_id   bigint,
    asked_at        timestamp with time zone,
    compare_action_id bigint,
    ordered         text check (ordered in ('Keep', 'TakeBack', 'Release')),
    ordered_by      text,
    unproven        boolean not null default false,
    reported        boolean not null default false,
    product_set_id  bigint,
    check ((state in ('Open', 'Unknown')) = (decided_at is null)),
    check ((state in ('Reverted', 'Kept')) = (ended_at is not null)));
-- Never two at a time on a minion.
create unique index channel_change_one_at_a_time on saltern.channel_change (minion_key)
    where state in ('Open', 'Unknown', 'Reverting');
-- Loop: those whose run may be under way, which is told without reading rows; whether an action has any; those that
-- wait for their minion; late proofs of runs whose channels were taken back; results of dry runs that come after their
-- channels were taken back.
create index channel_change_under_way on saltern.channel_change (minion_key) include (id) where state = 'Open';
create index channel_change_open_of on saltern.channel_change (action_id) where state = 'Open';
create index channel_change_open_since on saltern.channel_change (recorded_at) where state = 'Open';
create index channel_change_undecided on saltern.channel_change (id) where state in ('Unknown', 'Reverting');
create index channel_change_reverted on saltern.channel_change (ended_at) where state = 'Reverted' and not dry_run;
create index channel_change_unreported on saltern.channel_change (ended_at)
    where state = 'Reverted' and dry_run and not reported;
create index channel_change_by_run on saltern.channel_change (action_id, minion_key, id);
create index channel_change_by_minion on saltern.channel_change (minion_key, id);
-- Housekeeping: the oldest.
create index channel_change_ended on saltern.channel_change (ended_at) where ended_at is not null;
create index channel_change_attention on saltern.channel_change (id) where attention is not null;

-- The look that follows a real run which succeeded: the restart where one was ordered, then what the minion has against
-- what it should have. The words of a state are CheckState's. since: in this state; restart_by: no restart begins later;
-- next_boot: what the run changed is there after the next boot only; not_restarted: why not. differences: a line for
-- each; reason: why it could not be read; checked_at: what is read later is looked at again.
create table saltern.migration_check (
    change_id              bigint primary key references saltern.channel_change on delete cascade,
    action_id              bigint not null,
    minion_key             bigint not null,
    state                  text not null check (state in (
                               'Restart', 'Restarting', 'Read', 'Reading', 'Unread', 'Verified', 'Differs')),
    since                  timestamp with time zone not null,
    restart_by             timestamp with time zone,
    next_boot              boolean not null,
    restart_action_id      bigint,
    not_restarted          text,
    products_action_id     bigint,
    repositories_action_id bigint,
    differences            text[],
    reason                 text,
    checked_at             timestamp with time zone);
-- Loop: what is not over; what may be made good for.
create index migration_check_under_way on saltern.migration_check (action_id, change_id)
    where state in ('Restart', 'Restarting', 'Read', 'Reading');
create index migration_check_not_good on saltern.migration_check (change_id) where state in ('Unread', 'Differs');
create index migration_check_by_action on saltern.migration_check (action_id, minion_key);

-- What a run came to, of those that said so: for reports over a fleet, without the returns. failure is a word
-- (conflict, locked, …), cause the first line of zypper's words; steps are sorted lines "upgrade bash 5.1 → 5.2".
-- unplanned and left_out: steps of a real run that its dry run had not, and the reverse; the first 1,000 of each, null
-- where there was no dry run.
create table saltern.migration_run (
    change_id     bigint primary key references saltern.channel_change on delete cascade,
    action_id     bigint not null,
    minion_key    bigint not null,
    outcome       text not null
                  check (outcome in ('Succeeded', 'NothingToDo', 'Failed', 'Interrupted', 'Running', 'NotBegun')),
    failure       text,
    cause         text,
    comment       text not null,
    problems      text[] not null,
    planned       jsonb not null,
    removed       text[] not null,
    steps         text[] not null,
    unplanned     text[],
    left_out      text[],
    reboot_needed boolean not null,
    test_case     text,
    read_at       timestamp with time zone not null);
create index migration_run_by_action on saltern.migration_run (action_id, minion_key);
