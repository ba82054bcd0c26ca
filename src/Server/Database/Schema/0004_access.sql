-- Bearer tokens: only a SHA-256 of each is kept (a token is 256 random bits, so a slow hash would add nothing).
create table saltern.api_token (
    id           bigint generated always as identity primary key,
    name         text not null unique,
    hash         bytea not null unique,
    permissions  text[] not null,
    created_by   text not null,
    created_at   timestamp with time zone not null,
    expires_at   timestamp with time zone,
    revoked_at   timestamp with time zone,
    last_used_at timestamp with time zone);
