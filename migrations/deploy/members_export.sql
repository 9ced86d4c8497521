-- Deploy shikaku:members_export to pg
-- All members of an insurer, a page at a time: between two pages nothing is held, however slowly the reader reads.

BEGIN;

GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;

-- The next members behind this member_id (NULL: from the first), in its order, each as its own record shows it.
CREATE FUNCTION shikaku.export_members(insurer_number text, behind text, at_most integer)
RETURNS TABLE (member_id text, document text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
BEGIN
  PERFORM shikaku.enter_insurer(export_members.insurer_number);
  RETURN QUERY SELECT page.member_id, shikaku.member_document(page.member_key)::text
    FROM (SELECT m.member_id, m.member_key FROM shikaku.members AS m
      WHERE m.insurer_number = export_members.insurer_number AND m.member_id > coalesce(export_members.behind, '')
      ORDER BY m.member_id LIMIT export_members.at_most) AS page
    ORDER BY page.member_id;
END
$$;

ALTER FUNCTION shikaku.export_members(text, text, integer) OWNER TO shikaku_insurer;
REVOKE ALL ON FUNCTION shikaku.export_members(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shikaku.export_members(text, text, integer) TO shikaku_service;

REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
