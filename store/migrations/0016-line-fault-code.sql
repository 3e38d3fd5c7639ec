-- Why a row was set aside, as a code of the error catalogue beside the words. Rows kept before have none.

alter table yuanlu.quarantined_lines add column code text;
