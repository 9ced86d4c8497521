// The decisions of service/rules that a question by typed keys needs, without revocation lists. Days are texts YYYY-MM-DD,
// which compare as they are.
import { readFileSync } from 'node:fs';

// Codes and words by position, from service/rules/reasons.h (peers.py writes them out).
const words = JSON.parse(readFileSync(process.env.PEER_WORDS, 'utf8'));
export const validities = [null, 'valid', 'invalid', 'invalid_newer_exists', 'not_found', 'multiple'];
export const VALID = 1;
const INVALID = 2;
const NEWER_EXISTS = 3;
export const NOT_FOUND = 4;
const MULTIPLE = 5;
// By their stored number.
export const kinds = { qualification_notice: 2, portal_record: 3, eligibility_certificate: 4, insurance_card: 5 };

const bitsOf = (list) => Object.fromEntries(list.map(({ code }, position) => [code, 2 ** position]));
export const reason = bitsOf(words.reasons);
const action = bitsOf(words.next_actions);

const listOf = (list) => (bits) => (bits === 0 ? [] : list.filter((_, position) => (bits & (1 << position)) !== 0));
export const reasonsIn = listOf(words.reasons);
export const nextActionsIn = listOf(words.next_actions);

const isLeap = (year) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const isLate = (insurerNumber) => insurerNumber.startsWith('39');

function birthday(born, age) {
  const year = Number(born.slice(0, 4)) + age;
  const day = born.slice(4);
  return day === '-02-29' && !isLeap(year) ? `${year}-03-01` : year + day;
}

const dayText = new Date();
function asText(time) {
  dayText.setTime(time);
  return dayText.toISOString().slice(0, 10);
}
export const dayInJapan = (now) => asText(now + 9 * 3600e3);
export const daysAfter = (now, days) => asText(now + 9 * 3600e3 + days * 86400e3);

function coverOn(membership, visit) {
  let end = null;
  let recorded = false;
  let reasons = 0;
  const consider = (day, isRecorded, why) => {
    if (end !== null && day > end) return;
    if (end === null || day < end) {
      end = day;
      recorded = false;
      reasons = 0;
    }
    recorded ||= isRecorded;
    reasons |= why;
  };
  const moves = !isLate(membership.insurer_number);
  if (membership.lost_on) consider(membership.lost_on, true, reason.membership_ended);
  if (moves) consider(birthday(membership.birth_date, 75), false, reason.moved_to_late_elderly);
  if (membership.relationship === 'dependent') {
    if (membership.insured_lost_on) consider(membership.insured_lost_on, true, reason.membership_ended);
    if (membership.insured_birth_date && moves)
      consider(birthday(membership.insured_birth_date, 75), false, reason.insured_moved_to_late_elderly);
  }
  const ended = end !== null && visit >= end;
  const cover = { covers: false, endsOn: ended || recorded ? end : null, reasons: 0 };
  if (ended) cover.reasons = reasons;
  else if (visit < membership.acquired_on) cover.reasons = reason.membership_not_started;
  else cover.covers = true;
  return cover;
}

const rankOf = (cover) => (cover.covers ? 0 : cover.reasons & reason.membership_not_started ? 2 : 1);

function isMeantRather(a, coverA, b, coverB) {
  const rank = rankOf(coverA);
  if (rank !== rankOf(coverB)) return rank < rankOf(coverB);
  if (rank === 2) return a.acquired_on < b.acquired_on;
  if (rank === 1 && coverA.endsOn !== coverB.endsOn) return coverA.endsOn > coverB.endsOn;
  return a.acquired_on > b.acquired_on;
}

// Rows repeat a match for each other membership of its person.
function matchesIn(rows) {
  if (rows.length < 2) return rows;
  const matches = new Map();
  for (const row of rows) if (!matches.has(row.membership_id)) matches.set(row.membership_id, row);
  return [...matches.values()];
}

function newerCovers(rows, chosen, visit) {
  return rows.some(
    (row) =>
      row.sibling_membership_id !== null &&
      row.person_id === chosen.person_id &&
      row.sibling_acquired_on > chosen.acquired_on &&
      coverOn(
        {
          insurer_number: row.sibling_insurer_number,
          birth_date: row.birth_date,
          relationship: row.sibling_relationship,
          acquired_on: row.sibling_acquired_on,
          lost_on: row.sibling_lost_on,
          insured_birth_date: row.sibling_insured_birth_date,
          insured_lost_on: row.sibling_insured_lost_on,
        },
        visit,
      ).covers,
  );
}

function judgeCover(judgement, rows, visit) {
  if (rows.length === 0) return;
  const matches = matchesIn(rows);
  if (matches.some((match) => match.person_id !== matches[0].person_id)) {
    judgement.validity = MULTIPLE;
    return;
  }
  let chosen = matches[0];
  let cover = coverOn(chosen, visit);
  let covering = cover.covers ? 1 : 0;
  for (const match of matches.slice(1)) {
    const other = coverOn(match, visit);
    covering += other.covers ? 1 : 0;
    if (isMeantRather(match, other, chosen, cover)) {
      chosen = match;
      cover = other;
    }
  }
  judgement.validity = cover.covers ? VALID : covering === 0 && newerCovers(rows, chosen, visit) ? NEWER_EXISTS : INVALID;
  judgement.reasons |= cover.reasons;
  if (covering > 1) judgement.reasons |= reason.overlapping_membership;
  if (chosen.link_state !== 'linked') judgement.reasons |= reason.link_not_confirmed;
  judgement.standing = chosen;
  judgement.endsOn = cover.endsOn;
}

function ratioOn(standing, visit) {
  for (let i = 0; i < standing.ratio_percents.length; i++) {
    const from = standing.ratio_from[i];
    const until = standing.ratio_until[i];
    if ((from === null || from <= visit) && (until === null || visit <= until))
      return { ratio_percent: standing.ratio_percents[i], valid_from: from, valid_until: until };
  }
  return { ratio_percent: null, valid_from: null, valid_until: null };
}

function firstElderlyDay(born) {
  const seventy = birthday(born, 70);
  if (seventy.endsWith('-01')) return seventy;
  const year = Number(seventy.slice(0, 4));
  const month = Number(seventy.slice(5, 7));
  return month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`;
}

function lastPreschoolDay(born) {
  const six = birthday(born, 6);
  return `${Number(six.slice(0, 4)) + (six.slice(5) <= '04-01' ? 0 : 1)}-03-31`;
}

function copaymentOn(standing, visit) {
  if (isLate(standing.insurer_number)) return { ...ratioOn(standing, visit), basis: 'late_elderly' };
  if (visit >= firstElderlyDay(standing.birth_date)) return { ...ratioOn(standing, visit), basis: 'elderly' };
  const preschool = lastPreschoolDay(standing.birth_date);
  if (visit <= preschool) return { ratio_percent: 20, basis: 'preschool', valid_from: null, valid_until: preschool };
  return { ratio_percent: 30, basis: 'standard', valid_from: null, valid_until: null };
}

const accepted = (why = 0) => ({ accepted: true, reasons: why });
const refused = (why) => ({ accepted: false, reasons: why });
const isTolerated = (visit) => visit > '2025-12-01' && visit <= '2026-03-31';

function documentShown(question, standing) {
  const registered = standing.registered && !standing.self_information_stopped;
  if (question.withCard) {
    if (standing.cards_state === 3) return refused(reason.card_revoked);
    if (standing.cards_state === 2) return refused(reason.card_suspended);
    return registered ? accepted() : refused(reason.card_not_registered);
  }
  if (question.school) return registered ? accepted() : refused(reason.card_not_registered);
  if (question.kind === 'qualification_notice' && isTolerated(question.visit))
    return accepted(reason.tolerated_until_2026_03_31);
  return refused(reason.card_required_with_document | (registered ? 0 : reason.card_not_registered));
}

function presentationOn(question, standing) {
  switch (question.kind) {
    case 'eligibility_certificate':
      if (standing.certificate_state === 0) return accepted(reason.certificate_not_on_record);
      if (
        standing.certificate_state === 1 &&
        (standing.certificate_valid_until === null || question.visit <= standing.certificate_valid_until)
      )
        return accepted();
      return refused(reason.certificate_not_current);
    case 'insurance_card':
      if (question.visit <= '2025-12-01') return accepted();
      return isTolerated(question.visit) ? accepted(reason.tolerated_until_2026_03_31) : refused(reason.insurance_card_ended);
    default:
      return documentShown(question, standing);
  }
}

const actionsOfReason = [
  [reason.card_not_registered, action.register_card_now | action.ask_for_eligibility_certificate],
  [reason.card_revoked | reason.card_suspended | reason.card_required_with_document, action.ask_for_eligibility_certificate],
  [reason.certificate_not_current, action.show_notice_or_portal_record | action.contact_insurer],
  [reason.insurance_card_ended, action.ask_for_eligibility_certificate | action.show_notice_or_portal_record],
];
const atDesk = action.show_notice_or_portal_record | action.contact_insurer | action.accept_declaration;

function nextActions(question, judgement) {
  if (judgement.accepted) return 0;
  let bits = 0;
  if (judgement.validity !== VALID) bits = atDesk;
  if (judgement.validity === INVALID || judgement.validity === NEWER_EXISTS) bits |= action.ask_for_eligibility_certificate;
  for (const [reasons, actions] of actionsOfReason) if (judgement.reasons & reasons) bits |= actions;
  if (!question.withCard) bits &= ~(action.register_card_now | action.accept_declaration);
  return question.school ? bits : bits | action.charge_full_amount;
}

// What rows say to a question: validity, accepted, reasons, nextActions, standing, endsOn, copayment. A limit is told with consent
// only (R7.9), and nobody consents here.
export function judge(question, rows, reasons) {
  const judgement = { validity: NOT_FOUND, accepted: false, reasons, nextActions: 0, standing: null, endsOn: null, copayment: null };
  judgeCover(judgement, rows, question.visit);
  if (judgement.validity === VALID) {
    judgement.copayment = copaymentOn(judgement.standing, question.visit);
    if (judgement.copayment.ratio_percent === null) judgement.reasons |= reason.elderly_ratio_not_registered;
    const shown = presentationOn(question, judgement.standing);
    judgement.accepted = shown.accepted;
    judgement.reasons |= shown.reasons | reason.limit_consent_missing;
  }
  judgement.nextActions = nextActions(question, judgement);
  return judgement;
}
