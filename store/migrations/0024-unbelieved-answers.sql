-- Answers to our own calls that could not be believed, as they came. They decide nothing; people look at them.

create table yuanlu.unbelieved_answers (
  id          bigint generated always as identity primary key,
  account_id  text not null references yuanlu.channel_accounts (id),
  received_at timestamptz not null,
  call        text not null,
  code        text not null,
  why         text not null,
  http_status integer not null,
  headers     jsonb not null,
  -- Its beginning, where it is a file; size and hash are of all of it.
  body        bytea not null,
  body_bytes  bigint not null,
  body_sha256 text not null
);
create index unbelieved_answers_by_account on yuanlu.unbelieved_answers (account_id, received_at);
create trigger append_only before update or delete or truncate on yuanlu.unbelieved_answers
  for each statement execute function yuanlu.refuse_change();

grant select on yuanlu.unbelieved_answers to yuanlu_app, yuanlu_report;
grant insert on yuanlu.unbelieved_answers to yuanlu_app;
