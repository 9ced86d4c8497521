-- Deploy shikaku:member_search to pg
-- An insurer finds its members: page by page, by state, by workplace, by 記号・番号, name and birth date.
--
-- Names are looked for by how they begin, in whatever width and with or without blanks: each of a member's four spellings is a word
-- of one index, behind the insurer's number.

BEGIN;

-- In the order in which a list of a workplace's people goes.
DROP INDEX shikaku.members_workplace;
CREATE INDEX members_workplace ON shikaku.members (insurer_number, workplace_id, member_id) WHERE workplace_id IS NOT NULL;

-- One index for four spellings: 6 s for a million members, where a btree for each took 3 to 4 s. A word has 64 characters at most, so
-- that it fits whatever NFKC makes of a name.
CREATE INDEX members_names ON shikaku.members USING gin ((array_to_tsvector(array_remove(ARRAY[
  insurer_number || ' ' || left(replace(normalize(name::text, NFKC), ' ', ''), 64),
  insurer_number || ' ' || left(replace(normalize(name_kana::text, NFKC), ' ', ''), 64),
  insurer_number || ' ' || left(replace(normalize(name_other::text, NFKC), ' ', ''), 64),
  insurer_number || ' ' || left(replace(normalize(name_other_kana::text, NFKC), ' ', ''), 64)], NULL))));

-- The members of whom a name begins with one of these, at most so many; keys of members only. It belongs to the owner, because an index
-- of words is of no use behind row-level security (`@@` is not leakproof); who calls it reads the members themselves behind the wall.
CREATE FUNCTION shikaku.members_named(insurer_number text, beginnings text[], count bigint) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET enable_bitmapscan = on
SET enable_seqscan = off SET enable_indexscan = off AS $$ -- nothing but the index of words will do: what the words cost is not known
#variable_conflict use_column
DECLARE
  words CONSTANT tsquery := (
    SELECT string_agg('''' || replace(replace(members_named.insurer_number || ' ' || left(b, 64), '\', '\\'), '''', '''''') || ''':*', ' | ')
      FROM unnest(beginnings) AS b)::tsquery;
BEGIN
  RETURN ARRAY(
    SELECT m.member_key FROM shikaku.members AS m
      WHERE array_to_tsvector(array_remove(ARRAY[
          m.insurer_number || ' ' || left(replace(normalize(m.name::text, NFKC), ' ', ''), 64),
          m.insurer_number || ' ' || left(replace(normalize(m.name_kana::text, NFKC), ' ', ''), 64),
          m.insurer_number || ' ' || left(replace(normalize(m.name_other::text, NFKC), ' ', ''), 64),
          m.insurer_number || ' ' || left(replace(normalize(m.name_other_kana::text, NFKC), ' ', ''), 64)], NULL)) @@ words
      LIMIT members_named.count);
END
$$;

-- The members that come after `after` in the order of their ids, at most `count`, of this state (active, upcoming, ended), link state and
-- workplace; NULL: of any. Cover is judged as at the desk (R3.1 to R3.3). At most 10,000 members are looked at, so that a page costs the
-- same whatever it looks for: it may hold fewer than `count` though more follow. last_id: where it goes on; NULL: nowhere.
CREATE FUNCTION shikaku.list_members(insurer_number text, after text, count bigint, state text, link_state text, workplace_id text, today date)
RETURNS TABLE (outcome text, items json, last_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  examined_at_most CONSTANT bigint := 10000;
  -- Whoever was born on or before this day is 75 or older (R3.2).
  born_75 CONSTANT date := list_members.today - interval '75 years';
  moves_at_75 CONSTANT boolean := list_members.insurer_number NOT LIKE '39%';
  examined bigint := 0;
  more boolean := false;
  keys bigint[] := '{}';
  member record;
BEGIN
  PERFORM shikaku.enter_insurer(list_members.insurer_number);
  FOR member IN
    SELECT m.member_key, m.member_id,
        (list_members.link_state IS NULL OR coalesce((SELECT l.state FROM shikaku.links AS l WHERE l.member_key = m.member_key), 'pending')
          = list_members.link_state)
        AND (list_members.state IS NULL OR list_members.state = CASE
          WHEN EXISTS (
            SELECT FROM shikaku.memberships AS ms
              LEFT JOIN shikaku.memberships AS insured_ms ON insured_ms.membership_id = ms.insured_membership_id
              LEFT JOIN shikaku.members AS insured_m ON insured_m.member_key = insured_ms.member_key
              WHERE ms.member_key = m.member_key AND ms.acquired_on <= list_members.today
                AND (ms.lost_on IS NULL OR ms.lost_on > list_members.today)
                AND (insured_ms.lost_on IS NULL OR insured_ms.lost_on > list_members.today)
                AND NOT (moves_at_75 AND (m.birth_date <= born_75 OR coalesce(insured_m.birth_date <= born_75, false)))) THEN 'active'
          WHEN EXISTS (
            SELECT FROM shikaku.memberships AS ms
              WHERE ms.member_key = m.member_key AND ms.acquired_on > list_members.today) THEN 'upcoming'
          ELSE 'ended' END) AS fits
      FROM shikaku.members AS m
      WHERE m.insurer_number = list_members.insurer_number AND m.member_id > coalesce(list_members.after, '')
        AND (list_members.workplace_id IS NULL OR m.workplace_id = list_members.workplace_id)
      ORDER BY m.member_id
      LIMIT examined_at_most + 1
  LOOP
    IF examined = examined_at_most OR (member.fits AND cardinality(keys) = list_members.count) THEN
      more := true;
      EXIT;
    END IF;
    examined := examined + 1;
    last_id := member.member_id;
    IF member.fits THEN
      keys := keys || member.member_key;
    END IF;
  END LOOP;
  outcome := 'found';
  items := shikaku.member_documents(keys);
  last_id := CASE WHEN more THEN last_id END;
  RETURN NEXT;
END
$$;

-- The members who have all that is given, in the order of their ids, as list_members. A name is a beginning of any of a member's names;
-- kana is the same name in katakana, where it can be. outcome: found, or too_many when more than 20,000 have what is looked for first: the
-- number, else the birth date, else the name.
CREATE FUNCTION shikaku.search_members(insurer_number text, after text, count bigint, symbol_key text, number_key text, branch_number text,
  name text, kana text, birth_date date)
RETURNS TABLE (outcome text, items json, last_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET enable_bitmapscan = on AS $$
#variable_conflict use_column
DECLARE
  candidates_at_most CONSTANT bigint := 20000;
  beginnings CONSTANT text[] := (
    SELECT array_agg(DISTINCT replace(normalize(n, NFKC), ' ', '')) FROM unnest(ARRAY[search_members.name, kana]) AS n WHERE n IS NOT NULL);
  candidates bigint[];
  keys bigint[];
  ids text[];
BEGIN
  PERFORM shikaku.enter_insurer(search_members.insurer_number);
  IF search_members.number_key IS NOT NULL THEN
    candidates := ARRAY(
      SELECT DISTINCT ms.member_key FROM shikaku.memberships AS ms
        WHERE ms.insurer_number = search_members.insurer_number AND ms.number_key = search_members.number_key
          AND (search_members.symbol_key IS NULL OR ms.symbol_key = search_members.symbol_key)
          AND (search_members.branch_number IS NULL OR ms.branch_number IS NULL OR ms.branch_number = search_members.branch_number)
        LIMIT candidates_at_most + 1);
  ELSIF search_members.birth_date IS NOT NULL THEN
    candidates := ARRAY(
      SELECT m.member_key FROM shikaku.members AS m
        WHERE m.insurer_number = search_members.insurer_number AND m.birth_date = search_members.birth_date
        LIMIT candidates_at_most + 1);
  ELSE
    candidates := shikaku.members_named(search_members.insurer_number, beginnings, candidates_at_most + 1);
  END IF;
  IF cardinality(candidates) > candidates_at_most THEN
    RETURN QUERY SELECT 'too_many', NULL::json, NULL::text;
    RETURN;
  END IF;

  SELECT array_agg(found.member_key ORDER BY found.member_id), array_agg(found.member_id ORDER BY found.member_id) INTO keys, ids
    FROM (
      SELECT m.member_key, m.member_id FROM shikaku.members AS m
        WHERE m.member_key = ANY (candidates) AND m.insurer_number = search_members.insurer_number
          AND m.member_id > coalesce(search_members.after, '')
          AND (search_members.birth_date IS NULL OR m.birth_date = search_members.birth_date)
          AND (search_members.number_key IS NOT NULL OR (search_members.symbol_key IS NULL AND search_members.branch_number IS NULL) OR EXISTS (
            SELECT FROM shikaku.memberships AS ms
              WHERE ms.member_key = m.member_key
                AND (search_members.symbol_key IS NULL OR ms.symbol_key = search_members.symbol_key)
                AND (search_members.branch_number IS NULL OR ms.branch_number IS NULL OR ms.branch_number = search_members.branch_number)))
          AND (beginnings IS NULL OR EXISTS (
            SELECT FROM unnest(ARRAY[m.name, m.name_kana, m.name_other, m.name_other_kana]::text[]) AS n, unnest(beginnings) AS b
              WHERE replace(normalize(n, NFKC), ' ', '') ^@ b))
        ORDER BY m.member_id LIMIT search_members.count + 1
    ) AS found;
  outcome := 'found';
  items := shikaku.member_documents(keys[:search_members.count]);
  last_id := CASE WHEN cardinality(keys) > search_members.count THEN ids[search_members.count] END;
  RETURN NEXT;
END
$$;

-- The documents of these members, in that order.
CREATE FUNCTION shikaku.member_documents(member_keys bigint[]) RETURNS json
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT coalesce(json_agg(shikaku.member_document(k.member_key) ORDER BY k.place), '[]'::json)
    FROM unnest($1) WITH ORDINALITY AS k (member_key, place)
$$;

REVOKE ALL ON FUNCTION shikaku.members_named(text, text[], bigint), shikaku.member_documents(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shikaku.members_named(text, text[], bigint), shikaku.member_documents(bigint[]) TO shikaku_insurer;

GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;
DO $$
DECLARE
  served text;
BEGIN
  FOREACH served IN ARRAY ARRAY['list_members(text, text, bigint, text, text, text, date)',
    'search_members(text, text, bigint, text, text, text, text, text, date)']
  LOOP
    EXECUTE format('ALTER FUNCTION shikaku.%s OWNER TO shikaku_insurer', served);
    EXECUTE format('REVOKE ALL ON FUNCTION shikaku.%s FROM PUBLIC', served);
    EXECUTE format('GRANT EXECUTE ON FUNCTION shikaku.%s TO shikaku_service', served);
  END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
