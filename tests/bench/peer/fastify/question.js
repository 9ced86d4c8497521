// A request's body, already held against the schema, as what rules.js judges. The spellings of service/rules/identifiers.c.
import { dayInJapan, daysAfter } from './rules.js';

export class Refusal extends Error {
  constructor(status, code, pointer) {
    super(code);
    this.statusCode = status;
    this.pointer = pointer;
  }
}

const text = { type: 'string' };
const optional = (schema) => ({ ...schema, nullable: true });
const object = (properties, required = []) => ({ type: 'object', additionalProperties: false, properties, required });
const flag = { type: 'boolean', nullable: true };

export const schema = object(
  {
    visit_date: optional({ type: 'string', format: 'date' }),
    known_at: { type: 'null' }, // not served here
    setting: optional({ type: 'string', enum: ['standard', 'school', null] }),
    with_card: flag,
    presented: object(
      {
        kind: { type: 'string', enum: ['qualification_notice', 'portal_record', 'eligibility_certificate', 'insurance_card'] },
        insurer_number: text,
        symbol: optional(text),
        number: text,
        branch_number: optional(text),
        birth_date: { type: 'string', format: 'date' },
      },
      ['kind', 'insurer_number', 'number', 'birth_date'],
    ),
    consents: {
      ...object({ limit_information: flag, surgeries: flag, diagnoses_medicines: flag, health_checkups: flag, specific_diseases: flag }),
      nullable: true,
    },
    reference_number: optional({ type: 'string', minLength: 1, maxLength: 64 }),
  },
  ['presented'],
);

const wrong = (pointer) => new Refusal(422, 'invalid_fields', pointer);

function identifierKey(value, pointer) {
  if (/^[!-~]{1,120}$/.test(value)) return value;
  const once = value.normalize('NFKC');
  if (Buffer.byteLength(value) > 120 || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(once)) throw wrong(pointer);
  const key = once
    .replace(/[ \u1680\u180e\u200b\u2060\ufeff]/g, '')
    .replace(/[\u2010\u2012-\u2015\u2212\u30fc]/g, '-')
    .normalize('NFKC');
  if (key === '' || Buffer.byteLength(key) > 240) throw wrong(pointer);
  return key;
}

function digits(value, pattern, pointer) {
  if (pattern.test(value)) return value;
  const folded = value.replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0)).trim();
  if (!pattern.test(folded)) throw wrong(pointer);
  return folded;
}

export function luhnHolds(number) {
  let sum = 0;
  for (let i = 0; i < number.length; i++) {
    let digit = number.charCodeAt(number.length - 1 - i) - 48;
    if (i % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

export function questionOf(body, now) {
  const presented = body.presented;
  const question = {
    visit: body.visit_date ?? dayInJapan(now),
    school: body.setting === 'school',
    withCard: body.with_card ?? false,
    kind: presented.kind,
    insurerNumber: digits(presented.insurer_number, /^(\d{6}|\d{8})$/, '/presented/insurer_number').padStart(8, '0'),
    symbol: presented.symbol == null ? null : identifierKey(presented.symbol, '/presented/symbol'),
    number: identifierKey(presented.number, '/presented/number'),
    branch: presented.branch_number == null ? null : digits(presented.branch_number, /^\d{2}$/, '/presented/branch_number'),
    born: presented.birth_date,
  };
  if (question.born < '1868') throw wrong('/presented/birth_date');
  if (question.visit < question.born || question.visit < '1868' || question.visit > daysAfter(now, 31)) throw wrong('/visit_date');
  return question;
}
