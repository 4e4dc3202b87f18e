-- name: third_parties_alike
-- Third parties that share $1: 'iban' (the present account), 'siren' (of a code that contains 14 digits, or is 9), or 'name' (without
-- case, accents, punctuation, and the words $2), with at most $3 rows.  Those that were merged into one are one.  A SIRET is 14 digits of a code beside no other digit.
with recursive step as (
    select payee, into_payee as person from third_party_merge
    union all select s.payee, m.into_payee from step s join third_party_merge m on m.payee = s.person
), merged as (
    select s.payee, s.person, (select code from payee y where y.payee = s.person order by y.entry_id limit 1) as code
    from step s where not exists (select from third_party_merge m where m.payee = s.person)
), last as (
    select p.payee, min(p.entry_id) as entry_id, (array_agg(p.code order by p.entry_id))[1] as code,
           coalesce((array_agg(p.name order by p.entry_id desc) filter (where p.name <> ''))[1], '') as name,
           coalesce((array_agg(p.iban order by p.entry_id desc) filter (where p.iban <> ''))[1], '') as iban
    from payee p group by p.payee
), marked as (
    select l.*, coalesce(g.person, l.payee) as person, coalesce(g.code, '') as merged_into, case $1::text
        when 'iban' then upper(replace(iban, ' ', ''))
        when 'siren' then coalesce(left(substring(l.code from '(?:^|[^0-9])([0-9]{14})(?:[^0-9]|$)'), 9), substring(l.code from '^[0-9]{9}$'))
        else (
            select string_agg(word, ' ' order by at)
            from unnest(string_to_array(regexp_replace(regexp_replace(upper(normalize(replace(replace(replace(replace(
                name, 'Œ', 'OE'), 'œ', 'oe'), 'Æ', 'AE'), 'æ', 'ae'), NFD)), '[\u0300-\u036f.]', '', 'g'), '[^[:alnum:]]+', ' ', 'g'), ' '))
                with ordinality as part (word, at)
            where word <> '' and word <> all($2::text[])
        )
    end as value
    from last l left join merged g using (payee)
), counted as (
    select m.*, min(person) over (partition by value) <> max(person) over (partition by value) as has_others from marked m where value <> ''
)
select value, payee, entry_id, code, name, iban, merged_into from counted where has_others order by value, payee limit $3::int;

-- name: sirets
-- The third parties whose code contains a SIRET, and these SIRET one behind the other, in the same order.
select coalesce(array_agg(payee order by payee), '{}') as payees, coalesce(string_agg(siret, '' order by payee), '') as digits
from (
    select distinct on (payee) payee, substring(code from '(?:^|[^0-9])([0-9]{14})(?:[^0-9]|$)') as siret from payee order by payee, entry_id
) p where siret is not null;

-- name: third_parties_of_numbers
-- The third parties $1 as they are registered.
with recursive step as (
    select payee, into_payee as person from third_party_merge where payee = any($1::int[])
    union all select s.payee, m.into_payee from step s join third_party_merge m on m.payee = s.person
)
select p.payee, min(p.entry_id) as entry_id, (array_agg(p.code order by p.entry_id))[1] as code,
       coalesce((array_agg(p.name order by p.entry_id desc) filter (where p.name <> ''))[1], '') as name,
       coalesce((array_agg(p.iban order by p.entry_id desc) filter (where p.iban <> ''))[1], '') as iban,
       substring((array_agg(p.code order by p.entry_id))[1] from '(?:^|[^0-9])([0-9]{14})(?:[^0-9]|$)') as value,
       coalesce((select y.code from step s join payee y on y.payee = s.person
                 where s.payee = p.payee and not exists (select from third_party_merge m where m.payee = s.person) limit 1), '') as merged_into
from payee p where p.payee = any($1::int[]) group by p.payee order by p.payee;
