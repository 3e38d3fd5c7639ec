-- Refunds for which a match found news: a line says more than the books know, or names another amount. They are written with the match
-- itself, and told one after the other afterwards. A day after an outage has a hundred thousand of them: too many to hand on in a message.

create table yuanlu.match_news (
  -- The file whose match found it; the line may be one of another file that was judged with it.
  file_id   bigint not null references yuanlu.statement_files (id),
  refund_id bigint not null,
  -- When its refund had been told; null while that is still to be done.
  told_at   timestamptz,
  primary key (file_id, refund_id)
);

grant select on yuanlu.match_news to yuanlu_app, yuanlu_ingest, yuanlu_report;
-- Matching the file again may find the same news: then it is told again.
grant insert, update (told_at) on yuanlu.match_news to yuanlu_ingest;
grant update (told_at) on yuanlu.match_news to yuanlu_app;

-- What a new delivery of a day changed against the one before it, line by line: added where there was none before, gone where there is
-- none after. Both files keep their lines; here are their numbers only.
create table yuanlu.line_changes (
  file_id     bigint not null references yuanlu.statement_files (id) deferrable initially deferred,
  change_no   integer not null,
  before_line integer,
  after_line  integer,
  primary key (file_id, change_no),
  check (before_line is not null or after_line is not null)
);

grant select on yuanlu.line_changes to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert on yuanlu.line_changes to yuanlu_ingest;
