-- The keys that seal the console's cookies, as the framework writes them (XML); a handful, renewed every 90 days.
create table saltern.console_key (
    id         bigint generated always as identity primary key,
    name       text not null,
    element    text not null,
    created_at timestamp with time zone not null);
