-- Deploy shikaku:insurer_records to pg
-- What an insurer's token reads and changes of the insurer itself and of its workplaces (事業所).
--
-- outcome, of all functions here:
--
--   found, made, changed, removed
--   none             there is no such record
--   other_version    it is not the one that the asker has seen: nothing was changed
--   in_use           members belong to the workplace
--
-- document: the record as it is answered; version: the moment since which it is so. Both with what was found, made or changed.

BEGIN;

CREATE FUNCTION shikaku.insurer_document(i shikaku.insurers) RETURNS json
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT json_build_object(
    'insurer_number', i.insurer_number,
    'printed_number', i.printed_number,
    'name', i.name,
    'issuer_name', i.issuer_name,
    'prefecture', i.prefecture,
    'postal_code', i.postal_code,
    'address', i.address,
    'contact', i.contact,
    'seal', translate(encode(i.seal, 'base64'), E'\n', ''),
    'certificate_form', i.certificate_form,
    'certificate_months', i.certificate_months,
    'certificate_last_day', i.certificate_last_day,
    'notice_policy', i.notice_policy,
    'changed_at', shikaku.instant_text(i.changed_at))
$$;

CREATE FUNCTION shikaku.workplace_document(w shikaku.workplaces) RETURNS json
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT json_build_object(
    'workplace_id', w.workplace_id,
    'name', w.name,
    'symbol', w.symbol,
    'postal_code', w.postal_code,
    'address', w.address,
    'contact', w.contact,
    'changed_at', shikaku.instant_text(w.changed_at))
$$;

CREATE FUNCTION shikaku.find_insurer(insurer_number text)
RETURNS TABLE (outcome text, document json, version timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM shikaku.enter_insurer(find_insurer.insurer_number);
  RETURN QUERY SELECT 'found', shikaku.insurer_document(i), i.changed_at::timestamptz
    FROM shikaku.insurers AS i WHERE i.insurer_number = find_insurer.insurer_number;
END
$$;

-- The whole record. What is so already is not written, and keeps its version. expected: the version that the asker has seen; NULL: any.
CREATE FUNCTION shikaku.put_insurer(insurer_number text, asked_at timestamptz, expected timestamptz, name text, issuer_name text,
  prefecture text, postal_code text, address text, contact text, seal bytea, certificate_form text, certificate_months smallint,
  certificate_last_day text, notice_policy text)
RETURNS TABLE (outcome text, document json, version timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  kept shikaku.insurers;
BEGIN
  PERFORM shikaku.enter_insurer(put_insurer.insurer_number);
  SELECT * INTO kept FROM shikaku.insurers AS i WHERE i.insurer_number = put_insurer.insurer_number FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'none', NULL::json, NULL::timestamptz;
    RETURN;
  ELSIF kept.changed_at <> put_insurer.expected THEN
    RETURN QUERY SELECT 'other_version', NULL::json, NULL::timestamptz;
    RETURN;
  END IF;
  UPDATE shikaku.insurers AS i
    SET name = put_insurer.name, issuer_name = put_insurer.issuer_name, prefecture = put_insurer.prefecture,
      postal_code = put_insurer.postal_code, address = put_insurer.address, contact = put_insurer.contact, seal = put_insurer.seal,
      certificate_form = put_insurer.certificate_form, certificate_months = put_insurer.certificate_months,
      certificate_last_day = put_insurer.certificate_last_day, notice_policy = put_insurer.notice_policy,
      changed_at = greatest(put_insurer.asked_at, i.changed_at + interval '1 microsecond')
    WHERE i.insurer_number = put_insurer.insurer_number
      AND (i.name, i.issuer_name, i.prefecture, i.postal_code, i.address, i.contact, i.seal, i.certificate_form, i.certificate_months,
           i.certificate_last_day, i.notice_policy) IS DISTINCT FROM
        (put_insurer.name, put_insurer.issuer_name, put_insurer.prefecture, put_insurer.postal_code, put_insurer.address,
         put_insurer.contact, put_insurer.seal, put_insurer.certificate_form, put_insurer.certificate_months,
         put_insurer.certificate_last_day, put_insurer.notice_policy)
    RETURNING i.* INTO kept;
  IF NOT FOUND THEN
    SELECT * INTO kept FROM shikaku.insurers AS i WHERE i.insurer_number = put_insurer.insurer_number;
  END IF;
  RETURN QUERY SELECT 'changed', shikaku.insurer_document(kept), kept.changed_at::timestamptz;
END
$$;

CREATE FUNCTION shikaku.find_workplace(insurer_number text, workplace_id text)
RETURNS TABLE (outcome text, document json, version timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM shikaku.enter_insurer(find_workplace.insurer_number);
  RETURN QUERY SELECT 'found', shikaku.workplace_document(w), w.changed_at::timestamptz
    FROM shikaku.workplaces AS w
    WHERE w.insurer_number = find_workplace.insurer_number AND w.workplace_id = find_workplace.workplace_id;
END
$$;

-- As put_insurer. must_exist: only where there is one already.
CREATE FUNCTION shikaku.put_workplace(insurer_number text, workplace_id text, asked_at timestamptz, must_exist boolean,
  expected timestamptz, name text, symbol text, postal_code text, address text, contact text)
RETURNS TABLE (outcome text, document json, version timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  kept shikaku.workplaces;
BEGIN
  PERFORM shikaku.enter_insurer(put_workplace.insurer_number);
  IF NOT put_workplace.must_exist AND put_workplace.expected IS NULL THEN
    INSERT INTO shikaku.workplaces (insurer_number, workplace_id, name, symbol, postal_code, address, contact, changed_at)
      VALUES (put_workplace.insurer_number, put_workplace.workplace_id, put_workplace.name, put_workplace.symbol,
        put_workplace.postal_code, put_workplace.address, put_workplace.contact, put_workplace.asked_at)
      ON CONFLICT DO NOTHING
      RETURNING * INTO kept;
    IF FOUND THEN
      RETURN QUERY SELECT 'made', shikaku.workplace_document(kept), kept.changed_at::timestamptz;
      RETURN;
    END IF;
  END IF;
  SELECT * INTO kept FROM shikaku.workplaces AS w
    WHERE w.insurer_number = put_workplace.insurer_number AND w.workplace_id = put_workplace.workplace_id FOR NO KEY UPDATE;
  IF NOT FOUND OR kept.changed_at <> put_workplace.expected THEN
    RETURN QUERY SELECT 'other_version', NULL::json, NULL::timestamptz;
    RETURN;
  END IF;
  UPDATE shikaku.workplaces AS w
    SET name = put_workplace.name, symbol = put_workplace.symbol, postal_code = put_workplace.postal_code,
      address = put_workplace.address, contact = put_workplace.contact,
      changed_at = greatest(put_workplace.asked_at, w.changed_at + interval '1 microsecond')
    WHERE w.insurer_number = put_workplace.insurer_number AND w.workplace_id = put_workplace.workplace_id
      AND (w.name, w.symbol, w.postal_code, w.address, w.contact) IS DISTINCT FROM
        (put_workplace.name, put_workplace.symbol, put_workplace.postal_code, put_workplace.address, put_workplace.contact)
    RETURNING w.* INTO kept;
  IF NOT FOUND THEN
    SELECT * INTO kept FROM shikaku.workplaces AS w
      WHERE w.insurer_number = put_workplace.insurer_number AND w.workplace_id = put_workplace.workplace_id;
  END IF;
  RETURN QUERY SELECT 'changed', shikaku.workplace_document(kept), kept.changed_at::timestamptz;
END
$$;

CREATE FUNCTION shikaku.remove_workplace(insurer_number text, workplace_id text, must_exist boolean, expected timestamptz)
RETURNS TABLE (outcome text, document json, version timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  said text := 'removed';
  kept shikaku.workplaces;
BEGIN
  PERFORM shikaku.enter_insurer(remove_workplace.insurer_number);
  -- Whoever gives it a member meanwhile waits for us, or is waited for and then seen.
  SELECT * INTO kept FROM shikaku.workplaces AS w
    WHERE w.insurer_number = remove_workplace.insurer_number AND w.workplace_id = remove_workplace.workplace_id FOR UPDATE;
  IF NOT FOUND THEN
    said := CASE WHEN remove_workplace.must_exist OR remove_workplace.expected IS NOT NULL THEN 'other_version' ELSE 'none' END;
  ELSIF kept.changed_at <> remove_workplace.expected THEN
    said := 'other_version';
  ELSIF EXISTS (SELECT FROM shikaku.members AS m
      WHERE m.insurer_number = remove_workplace.insurer_number AND m.workplace_id = remove_workplace.workplace_id) THEN
    said := 'in_use';
  ELSE
    DELETE FROM shikaku.workplaces AS w
      WHERE w.insurer_number = remove_workplace.insurer_number AND w.workplace_id = remove_workplace.workplace_id;
  END IF;
  RETURN QUERY SELECT said, NULL::json, NULL::timestamptz;
END
$$;

-- The workplaces that come after `after` in the order of their ids, at most `count`. last_id: of the last one, when there are more.
CREATE FUNCTION shikaku.list_workplaces(insurer_number text, after text, count bigint)
RETURNS TABLE (items json, last_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  PERFORM shikaku.enter_insurer(list_workplaces.insurer_number);
  RETURN QUERY
    WITH page AS (
      SELECT w, row_number() OVER (ORDER BY (w).workplace_id) AS place
        FROM (
          SELECT w FROM shikaku.workplaces AS w
            WHERE w.insurer_number = list_workplaces.insurer_number AND w.workplace_id > coalesce(list_workplaces.after, '')
            ORDER BY w.workplace_id LIMIT list_workplaces.count + 1
        ) AS found
    )
    SELECT coalesce(json_agg(shikaku.workplace_document(page.w) ORDER BY page.place) FILTER (WHERE page.place <= list_workplaces.count),
        '[]'::json),
      CASE WHEN count(*) > list_workplaces.count
        THEN max((page.w).workplace_id) FILTER (WHERE page.place = list_workplaces.count) END
      FROM page;
END
$$;

GRANT EXECUTE ON FUNCTION shikaku.insurer_document(shikaku.insurers),
  shikaku.workplace_document(shikaku.workplaces) TO shikaku_insurer;

GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;
DO $$
DECLARE
  served text;
BEGIN
  FOREACH served IN ARRAY ARRAY[
    'find_insurer(text)',
    'put_insurer(text, timestamptz, timestamptz, text, text, text, text, text, text, bytea, text, smallint, text, text)',
    'find_workplace(text, text)',
    'put_workplace(text, text, timestamptz, boolean, timestamptz, text, text, text, text, text)',
    'remove_workplace(text, text, boolean, timestamptz)',
    'list_workplaces(text, text, bigint)']
  LOOP
    EXECUTE format('ALTER FUNCTION shikaku.%s OWNER TO shikaku_insurer', served);
    EXECUTE format('REVOKE ALL ON FUNCTION shikaku.%s FROM PUBLIC', served);
    EXECUTE format('GRANT EXECUTE ON FUNCTION shikaku.%s TO shikaku_service', served);
  END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
