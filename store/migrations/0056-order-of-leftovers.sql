-- Lines that print the same numbers, at the same time, with the same amount for the payer, may still differ: in the whole amount, in
-- the fee, in the status. Which of them is given a movement must follow from what they print, not from which file came first. Only
-- for putting such lines in order; null for movements, which print nothing else, and for what was compared before this column.
alter table yuanlu.movement_leftovers add column rest text collate "C";
