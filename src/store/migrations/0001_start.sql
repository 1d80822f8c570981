-- The schema `polygate` and the right of `polygate_app` to use it are made by the runner; the tables follow.
select 1;
