namespace Saltern.Chaos.Migrations;

/// <summary>
/// Notes beside the server's tables, in the order of what happened on each minion: each assignment of channels, each
/// step of a change, and each target that was picked up on a minion that is held against it. The server knows nothing
/// of it.
/// </summary>
internal static class Journal
{
    public const string LaySql = """
        create schema journal;
        create table journal.entry (
            id bigint generated always as identity primary key, minion_key bigint not null, kind text not null,
            change_id bigint, subject text, actor text);
        create function journal.note_assignment() returns trigger language plpgsql as $$
        begin
            if tg_op = 'DELETE' then
                insert into journal.entry (minion_key, kind, actor) values (old.minion_key, 'assigned', 'nobody');
            else
                insert into journal.entry (minion_key, kind, subject, actor)
                values (new.minion_key, 'assigned', concat_ws(' ', new.base_label,
                    nullif(array_to_string(new.child_labels, ' '), '')), new.changed_by);
            end if;
            return null;
        end $$;
        create trigger note after insert or update or delete on saltern.minion_channel
            for each row execute function journal.note_assignment();
        create function journal.note_change() returns trigger language plpgsql as $$
        begin
            insert into journal.entry (minion_key, kind, change_id, subject, actor)
            values (new.minion_key, 'change', new.id, new.run_id, new.state);
            return null;
        end $$;
        create trigger note after insert or update on saltern.channel_change
            for each row execute function journal.note_change();
        create function journal.note_pick_up() returns trigger language plpgsql as $$
        begin
            insert into journal.entry (minion_key, kind, subject, actor)
            select new.minion_key, 'held', h.reason, new.action_id::text
            from saltern.minion_hold h
            where h.minion_key = new.minion_key and not new.action_id = any(h.admits);
            return null;
        end $$;
        create trigger note_pick_up after update on saltern.action_target for each row
            when (old.status = 'Queued' and new.status = 'PickedUp') execute function journal.note_pick_up();
        """;

    public const string EntriesSql = """
        select d.name, m.minion_id, e.kind, e.change_id, e.subject, e.actor
        from journal.entry e
        join saltern.minion m on m.minion_key = e.minion_key
        join saltern.key_domain d on d.id = m.key_domain_id
        order by e.id
        """;
}
