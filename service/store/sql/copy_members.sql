-- name: copy_members
-- Rows of a file into its slot; the slot's number takes the place of the 0.
COPY shikaku.staged_members_0 (slot, line, digest,
  member_id, name, name_kana, name_other, name_other_kana, sex, sex_on_face, birth_date, postal_code, address, household_head,
  workplace_id, non_disclosure, self_information_stopped, individual_number,
  relationship, insured_member_id, symbol, number, branch_number, acquired_on, lost_on, loss_reason,
  ratio_percent, ratio_valid_from, ratio_valid_until,
  limit_category, limit_certificate, limit_valid_from, limit_valid_until, limit_long_stay_from,
  disease_category, disease_self_pay, disease_valid_from, disease_valid_until,
  certificate_number, certificate_issued_on, certificate_valid_from, certificate_valid_until,
  symbol_key, number_key)
FROM STDIN
