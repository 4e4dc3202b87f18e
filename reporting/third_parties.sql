-- name: third_parties_alike
-- Third parties that share $1: 'iban' (the present account), 'siren' (of a code that contains 14 digits, or is 9), or 'name' (without
-- case, accents, punctuation, and the words $2), with at most $3 rows.  A SIRET is 14 digits of a code beside no other digit.
with last as (
    select payee, min(entry_id) as entry_id, (array_agg(code order by entry_id))[1] as code,
           coalesce((array_agg(name order by entry_id desc) filter (where name <> ''))[1], '') as name,
           coalesce((array_agg(iban order by entry_id desc) filter (where iban <> ''))[1], '') as iban
    from payee group by payee
), marked as (
    select l.*, case $1::text
        when 'iban' then upper(replace(iban, ' ', ''))
        when 'siren' then coalesce(left(substring(code from '(?:^|[^0-9])([0-9]{14})(?:[^0-9]|$)'), 9), substring(code from '^[0-9]{9}$'))
        else (
            select string_agg(word, ' ' order by at)
            from unnest(string_to_array(regexp_replace(regexp_replace(upper(normalize(replace(replace(replace(replace(
                name, 'Œ', 'OE'), 'œ', 'oe'), 'Æ', 'AE'), 'æ', 'ae'), NFD)), '[\u0300-\u036f.]', '', 'g'), '[^[:alnum:]]+', ' ', 'g'), ' '))
                with ordinality as part (word, at)
            where word <> '' and word <> all($2::text[])
        )
    end as value
    from last l
), counted as (
    select m.*, count(*) over (partition by value) as parties from marked m where value <> ''
)
select value, payee, entry_id, code, name, iban from counted where parties > 1 order by value, payee limit $3::int;

-- name: sirets
-- The third parties whose code contains a SIRET, and these SIRET one behind the other, in the same order.
select coalesce(array_agg(payee order by payee), '{}') as payees, coalesce(string_agg(siret, '' order by payee), '') as digits
from (
    select distinct on (payee) payee, substring(code from '(?:^|[^0-9])([0-9]{14})(?:[^0-9]|$)') as siret from payee order by payee, entry_id
) p where siret is not null;

-- name: third_parties_of_numbers
-- The third parties $1 as they are registered.
select payee, min(entry_id) as entry_id, (array_agg(code order by entry_id))[1] as code,
       coalesce((array_agg(name order by entry_id desc) filter (where name <> ''))[1], '') as name,
       coalesce((array_agg(iban order by entry_id desc) filter (where iban <> ''))[1], '') as iban,
       substring((array_agg(code order by entry_id))[1] from '(?:^|[^0-9])([0-9]{14})(?:[^0-9]|$)') as value
from payee where payee = any($1::int[]) group by payee order by payee;
