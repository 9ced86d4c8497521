// The answer of a check by typed keys, and the schema by which Fastify writes it (fast-json-stringify).
import { nextActionsIn, reasonsIn, validities } from './rules.js';

const text = { type: 'string' };
const maybe = { type: 'string', nullable: true };
const object = (properties) => ({ type: 'object', properties });
const each = (keys, schema) => Object.fromEntries(keys.map((key) => [key, schema]));
const nullable = (schema) => ({ ...schema, nullable: true });
const sentences = { type: 'array', items: object({ code: text, text }) };
const categories = ['surgeries', 'diagnoses_medicines', 'health_checkups', 'specific_diseases'];
const ofMembership = [
  'insurer_number', 'insurer_name', 'symbol', 'number', 'branch_number', 'relationship', 'insured_name', 'name', 'name_kana',
  'name_other', 'sex', 'sex_on_face', 'birth_date', 'address', 'acquired_on', 'lost_on', 'loss_reason',
];

export const schema = object({
  check_id: text,
  checked_at: text,
  visit_date: text,
  validity: text,
  accepted: { type: 'boolean' },
  scope: maybe,
  reasons: sentences,
  next_actions: sentences,
  qualification: nullable(object(each(ofMembership, maybe))),
  copayment: nullable(object({
    ratio_percent: { type: 'integer', nullable: true }, basis: text, valid_from: maybe, valid_until: maybe,
  })),
  limit: { type: 'null' },
  specific_diseases: { type: 'null' },
  consents: object(each(categories, object({ granted: { type: 'boolean' }, until: { type: 'null' }, reason: text }))),
  receipt: { type: 'null' },
});

// Typed keys never open medical information (R12.1).
const consents = each(categories, { granted: false, until: null, reason: 'consent_needs_card' });

function qualificationOf({ standing, endsOn }) {
  return standing === null ? null : {
    insurer_number: standing.insurer_number,
    insurer_name: standing.insurer_name,
    symbol: standing.symbol,
    number: standing.number,
    branch_number: standing.branch_number,
    relationship: standing.relationship,
    insured_name: standing.insured_name,
    name: standing.name,
    name_kana: standing.name_kana,
    name_other: standing.name_other,
    sex: standing.sex,
    sex_on_face: standing.sex_on_face,
    birth_date: standing.birth_date,
    address: standing.non_disclosure ? null : standing.address,
    acquired_on: standing.acquired_on,
    lost_on: endsOn,
    loss_reason: standing.loss_reason,
  };
}

export function answerOf(checkId, checkedAt, question, judgement) {
  return {
    check_id: checkId,
    checked_at: checkedAt,
    visit_date: question.visit,
    validity: validities[judgement.validity],
    accepted: judgement.accepted,
    scope: judgement.accepted ? 'full' : null,
    reasons: reasonsIn(judgement.reasons),
    next_actions: nextActionsIn(judgement.nextActions),
    qualification: qualificationOf(judgement),
    copayment: judgement.copayment,
    limit: null,
    specific_diseases: null,
    consents,
    receipt: null,
  };
}
