-- What was ordered, and where each minion stands. The words of a status are TargetLifecycle's and ActionStatus's.

-- The last six digits of a jid (its microseconds), so that no two of one second are alike, on any node.
create sequence saltern.jid_serial minvalue 0 maxvalue 999999 cycle;

create table saltern.action (
    id               bigint generated always as identity primary key,
    kind             text not null,
    arguments        json not null,
    description      text,
    target           json not null,
    resolve_at_start boolean not null default false,
    resolved_at      timestamp with time zone,
    created_by       text not null,
    created_at       timestamp with time zone not null,
    earliest_at      timestamp with time zone not null,
    expires_at       timestamp with time zone not null,
    batch_size       integer check (batch_size > 0),
    batch_percent    integer check (batch_percent between 1 and 100),
    deadline_seconds integer not null check (deadline_seconds > 0),
    give_up_after_seconds integer not null default 604800 check (give_up_after_seconds > 0),
    max_attempts     integer not null default 1 check (max_attempts > 0),
    exclusive        boolean not null,
    safe_to_repeat   boolean not null,
    reads_body       text not null check (reads_body in ('never', 'failed', 'always')),
    asks_first       boolean not null default false,
    status           text not null default 'Scheduled'
                     check (status in ('Scheduled', 'Running', 'Halted', 'Completed', 'Failed', 'Cancelled')),
    started_at       timestamp with time zone,
    ended_at         timestamp with time zone,
    cancelled_at     timestamp with time zone,
    archived_at      timestamp with time zone,
    check ((status in ('Completed', 'Failed', 'Cancelled')) = (ended_at is not null)));
-- The dispatcher's loop: what is due.
create index action_due on saltern.action (earliest_at, id) where status in ('Scheduled', 'Running');
create index action_by_status on saltern.action (status, id);
-- Housekeeping: what ended longest ago.
create index action_ended on saltern.action (ended_at) where ended_at is not null;

-- Actions that are gone for everybody, whose rows of targets are still being removed.
create table saltern.removed_action (
    action_id bigint primary key);

-- The kept counters, apart from the action so that settling rewrites a small row.
create table saltern.action_counts (
    action_id bigint primary key references saltern.action on delete cascade,
    total     integer not null,
    queued    integer not null check (queued >= 0),
    picked_up integer not null default 0 check (picked_up >= 0),
    waiting   integer not null default 0 check (waiting between 0 and picked_up),
    completed integer not null default 0 check (completed >= 0),
    failed    integer not null default 0 check (failed >= 0),
    cancelled integer not null default 0 check (cancelled >= 0),
    skipped   integer not null default 0 check (skipped >= 0),
    check (queued + picked_up + completed + failed + cancelled + skipped = total))
    with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- One call handed to one master, under one jid. An ask is a small one of our own on behalf of targets. outstanding
-- counts targets whose return is awaited, waiting those of which nobody knows where they are: these are not in flight.
-- arguments: what its call is built from, where minions of one action need different ones; else the action's are.
create sequence saltern.submission_id;
create table saltern.submission (
    id            bigint primary key,
    action_id     bigint not null references saltern.action on delete cascade,
    master_id     integer not null references saltern.master,
    jid           text not null unique,
    ask_purpose   text,
    is_ask        boolean not null generated always as (ask_purpose is not null) stored,
    about         bigint,
    arguments     json,
    minions       integer not null,
    outstanding   integer not null check (outstanding >= 0),
    waiting       integer not null default 0 check (waiting >= 0),
    created_at    timestamp with time zone not null,
    deadline_at   timestamp with time zone not null,
    watched_at    timestamp with time zone,
    collected_at  timestamp with time zone,
    not_after     timestamp with time zone not null,
    owner         text not null,
    lease_until   timestamp with time zone not null,
    sends         integer not null default 0,
    first_sent_at timestamp with time zone,
    evidence_at   timestamp with time zone,
    outcome       text check (outcome in ('Accepted', 'Refused', 'NotSent', 'Unclear')),
    outcome_at    timestamp with time zone,
    reason        text,
    check ((outcome is null) = (outcome_at is null)));
-- Loops: unfinished business of dispatch; what is in flight on a master; what is past its deadline.
create index submission_undecided on saltern.submission (lease_until) where outcome is null;
create index submission_open on saltern.submission (master_id, id) where outstanding > 0;
create index submission_unfinished on saltern.submission (id) where outstanding + waiting > 0;
create index submission_past_deadline on saltern.submission (deadline_at) where outstanding + waiting > 0;
create index submission_by_action on saltern.submission (action_id, id);

-- A target, and with it the latest attempt: while submission_id is set, the row tells of that submission as this minion
-- sees it. One row to write when a target is picked up and one when it is settled is what a fleet costs at least.
-- No foreign keys on the tables with a row per target: each would fire once a row (a look-up each). Actions.Deleting
-- removes the rows of an action together; minions are never deleted.
-- waits: nobody knows where the minion is. reorders: how often users ordered it again, the last time after attempt
-- number ordered_after.
-- exclusive and earliest_at are the action's, which never change while a target of it is queued: they are here for the
-- indexes that hold the line of each minion.
create table saltern.action_target (
    action_id     bigint not null,
    minion_key    bigint not null,
    status        text not null default 'Queued'
                  check (status in ('Queued', 'PickedUp', 'Completed', 'Failed', 'Cancelled', 'Skipped')),
    exclusive     boolean not null,
    earliest_at   timestamp with time zone not null default now(),
    guessed       boolean not null default false,
    waits         boolean not null default false,
    stopped_by    text,
    ran_anyway    boolean not null default false,
    attempt       integer not null default 0,
    reorders      integer not null default 0,
    ordered_after integer not null default 0,
    repeats       integer not null default 0,
    submission_id bigint,
    not_before    timestamp with time zone,
    picked_up_at  timestamp with time zone,
    returned_at   timestamp with time zone,
    settled_at    timestamp with time zone,
    reason        text,
    primary key (action_id, minion_key),
    check ((status in ('Completed', 'Failed', 'Cancelled', 'Skipped')) = (settled_at is not null)),
    check ((submission_id is null) = (picked_up_at is null)),
    check ((status in ('PickedUp', 'Completed', 'Failed')) = (submission_id is not null)))
    with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
-- Lists by status, claims, and the deadline's sweep: without it a page of 10 million targets is a scan. What most
-- targets end as is left out: it costs an entry for each of them, and the primary key finds them as well.
create index action_target_by_status on saltern.action_target (action_id, status, minion_key)
    where status <> 'Completed';
-- Guesses, for which the job caches are searched now and then.
create index action_target_guessed on saltern.action_target (action_id, minion_key) where guessed;
-- When the next target that is held back (its minion was busy) may go; a handful of rows.
create index action_target_held_back on saltern.action_target (not_before)
    where not_before is not null and status = 'Queued';
-- The line of each minion: what is exclusive and queued for it, the next one first.
create index action_target_turn on saltern.action_target (minion_key, earliest_at, action_id)
    where exclusive and status = 'Queued';
-- At most one exclusive action in flight on a minion: not a rule that code keeps, a row that cannot exist.
create unique index action_target_one_exclusive on saltern.action_target (minion_key)
    where exclusive and status = 'PickedUp';

-- Attempts before the latest: written when a target that had one is queued again. ordered: by a user, after this
-- attempt. history: it says nothing of its target any more: a user knew it, or its late return came after a user's
-- order or brought no result.
create table saltern.earlier_attempt (
    action_id     bigint not null,
    minion_key    bigint not null,
    number        integer not null,
    submission_id bigint not null,
    status        text not null check (status in ('Completed', 'Failed', 'Busy')),
    guessed       boolean not null default false,
    history       boolean not null default false,
    ordered       boolean not null default false,
    picked_up_at  timestamp with time zone not null,
    returned_at   timestamp with time zone,
    ended_at      timestamp with time zone not null,
    repeats       integer not null default 0,
    reason        text,
    primary key (action_id, minion_key, number));

-- One submission as one target sees it. The return's body is in the job cache, found by (returned_at, jid, minion).
create view saltern.attempt as
    select action_id, minion_key, attempt as number, submission_id, status, guessed, picked_up_at, returned_at,
           settled_at as ended_at, repeats, reason
    from saltern.action_target where submission_id is not null
    union all
    select action_id, minion_key, number, submission_id, status, guessed, picked_up_at, returned_at, ended_at, repeats,
           reason
    from saltern.earlier_attempt;

-- What an attempt returned, kept when that day of the job cache ends.
create table saltern.kept_result (
    action_id  bigint not null,
    minion_key bigint not null,
    number     integer not null,
    result     text not null,
    cut        boolean not null,
    primary key (action_id, minion_key, number));

-- Asks: small submissions of our own on behalf of a target. The purposes are AskPurpose's. One of each at a time per
-- target; answered ones stay until the next replaces them. about is the submission that is asked about; on_contact: as
-- soon as the minion is heard from; tries: how often it was asked in vain; missing_since: when the minion
-- first said that the job does not run.
create table saltern.ask (
    action_id     bigint not null,
    minion_key    bigint not null,
    purpose       text not null check (
                      purpose in ('Kind', 'Ping', 'FindJob', 'FindCachedJob', 'TermJob', 'KillJob')),
    about         bigint,
    due_at        timestamp with time zone not null,
    on_contact    boolean not null default false,
    tries         integer not null default 0,
    missing_since timestamp with time zone,
    submission_id bigint,
    asked_at      timestamp with time zone,
    answered_at   timestamp with time zone,
    answer        text,
    before        text,
    primary key (action_id, minion_key, purpose));
create index ask_due on saltern.ask (due_at) where answered_at is null and submission_id is null;
create index ask_under_way on saltern.ask (submission_id) where submission_id is not null;
create index ask_on_contact on saltern.ask (minion_key) where on_contact;

-- Minions to which nothing is handed out but these actions, until what they began on them is decided (channels that
-- were changed and may have to be taken back).
create table saltern.minion_hold (
    minion_key bigint primary key,
    admits     bigint[] not null,
    reason     text not null,
    since      timestamp with time zone not null);

-- Who ordered what, and when. Outlives the action.
create table saltern.order_log (
    id        bigint generated always as identity primary key,
    action_id bigint,
    verb      text not null,
    actor     text not null,
    at        timestamp with time zone not null,
    detail    json);
create index order_log_by_action on saltern.order_log (action_id, id);
-- Housekeeping: the oldest orders.
create index order_log_by_time on saltern.order_log (at);
