// node-postgres: a pool a worker, named prepared statements, and a chain of records a connection, as the service has one.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';

import { kinds } from './rules.js';

const statement = (name) => ({ name, text: readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8') });
const findStandings = statement('find_standings');
const findToken = statement('find_token');
const recordCheck = statement('record_check');

// Days stay texts: as Date they would cost more and depend on the machine's time zone.
const TEXT_ARRAY = 1009;
const asText = (value) => value;
const types = {
  getTypeParser(oid, format) {
    if (oid === pg.types.builtins.DATE) return asText;
    return pg.types.getTypeParser(oid === 1182 ? TEXT_ARRAY : oid, format);
  },
};

export const sha256 = (text) => createHash('sha256').update(text).digest();

export async function openPool(size) {
  const pool = new pg.Pool({
    host: process.env.PEER_SOCKET,
    database: process.env.PEER_DATABASE,
    user: 'shikaku_service',
    max: size,
    min: size,
    idleTimeoutMillis: 0,
    types,
    options: '-c jit=off -c plan_cache_mode=force_generic_plan -c synchronous_commit=on',
  });
  // All of them now, so that no measured request waits for one.
  const clients = await Promise.all(Array.from({ length: size }, () => pool.connect()));
  for (const client of clients) client.release();
  return pool;
}

export async function tokenOf(pool, digest) {
  const { rows } = await pool.query({ ...findToken, values: [digest] });
  return rows[0] ?? null;
}

export async function standingsOf(client, question) {
  const late = question.insurerNumber.startsWith('39'); // has neither 記号 nor 枝番 (R2.2)
  const { rows } = await client.query({
    ...findStandings,
    values: [question.insurerNumber, question.number, question.born, late ? null : question.symbol, late ? null : question.branch],
  });
  return rows;
}

export async function record(client, check, question, judgement, principal, answer) {
  const chain = (client.chain ??= { id: randomUUID(), position: 0, digest: Buffer.alloc(32) });
  const kind = kinds[question.kind];
  const setting = question.school ? 1 : 0;
  const membership = judgement.standing?.membership_id ?? null;
  const version = judgement.standing?.data_version ?? null;
  const answerDigest = sha256(answer);
  const keysDigest = sha256(`${question.insurerNumber}\n${question.symbol}\n${question.number}\n${question.branch}\n${question.born}`);
  const digest = createHash('sha256')
    .update(chain.digest)
    .update(answerDigest)
    .update(keysDigest)
    .update(
      `${chain.id}\n${chain.position}\n${check.id}\n${check.at}\n${principal.token_id}\n${principal.owner}\n${question.visit}\n${kind}\n` +
        `${setting}\n${question.withCard}\n${judgement.validity}\n${judgement.accepted}\n${judgement.reasons}\n${membership}\n${version}`,
    )
    .digest();
  await client.query({
    ...recordCheck,
    values: [
      check.id, check.at, chain.id, chain.position, digest, answerDigest, principal.token_id, principal.owner, question.visit,
      kind, setting, question.withCard, judgement.validity, judgement.accepted, judgement.reasons, membership, version, keysDigest,
    ],
  });
  chain.digest = digest;
  chain.position++;
}
