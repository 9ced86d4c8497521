// Checks by typed keys in Fastify and node-postgres: the peer of make bench-peers (../README.md). Environment: PEER_PORT,
// PEER_SOCKET, PEER_DATABASE, PEER_WORDS, PEER_POOL (connections a worker), PEER_AUDIT (0: no records), PEER_WORKERS.
import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';

import { answerOf, schema as answerSchema } from './answer.js';
import { openPool, record, sha256, standingsOf, tokenOf } from './database.js';
import { luhnHolds, questionOf, Refusal, schema as questionSchema } from './question.js';
import { daysAfter, judge, reason } from './rules.js';

const TOKEN_LASTS = 5000;
const audited = process.env.PEER_AUDIT !== '0';

function instantInJapan(now) {
  return `${new Date(now + 9 * 3600e3).toISOString().slice(0, -1)}+09:00`;
}

// Version 7, as the service's: the index of the records grows at its end.
function newId(now) {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

function authorizer(pool) {
  const known = new Map();
  return async (request) => {
    const header = request.headers.authorization;
    if (header === undefined || !/^Bearer ./i.test(header)) throw new Refusal(401, 'token_missing');
    const digest = sha256(header.slice(7).trim());
    const key = digest.toString('latin1');
    const now = Date.now();
    let token = known.get(key);
    if (token === undefined || now - token.readAt > TOKEN_LASTS) {
      const row = await tokenOf(pool, digest);
      token = { row, readAt: now };
      if (row !== null) known.set(key, token);
    }
    if (token.row === null || token.row.revoked_at !== null || token.row.expires_at <= now) throw new Refusal(401, 'token_invalid');
    if (token.row.scope !== 'terminal') throw new Refusal(403, 'scope_missing');
    request.principal = token.row;
  };
}

function checker(pool) {
  const judged = async (client, question, now) => {
    const future = question.visit > daysAfter(now, 0) ? reason.future_visit_date : 0;
    if (!luhnHolds(question.insurerNumber)) return judge(question, [], future | reason.insurer_number_check_digit);
    return judge(question, await standingsOf(client, question), future);
  };
  return async (request, reply) => {
    const now = Date.now();
    const question = questionOf(request.body, now);
    const check = { id: newId(now), at: instantInJapan(now) };
    const client = await pool.connect();
    let failed = true;
    try {
      const judgement = await judged(client, question, now);
      const write = reply.getSerializationFunction(200);
      const answer = Buffer.from(write(answerOf(check.id, check.at, question, judgement)));
      if (audited) await record(client, check, question, judgement, request.principal, answer);
      failed = false;
      reply.header('content-type', 'application/json').header('cache-control', 'no-store').header('x-request-id', check.id);
      return reply.send(answer);
    } finally {
      // What is in doubt after a failure ends with its connection, and so does its chain.
      client.release(failed);
    }
  };
}

async function serve() {
  const pool = await openPool(Number(process.env.PEER_POOL ?? 4));
  // Fields that there are not are refused, and nothing is made to fit, as the service does.
  const app = Fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } });
  app.setErrorHandler((error, request, reply) => {
    const status = error.validation ? 422 : error.statusCode ?? 503;
    if (status === 503) console.error(error);
    reply.code(status).type('application/problem+json').send(Buffer.from(JSON.stringify({ status, code: error.message })));
  });
  app.decorateRequest('principal', null);
  app.get('/readyz', async () => ({ ready: true }));
  app.post('/v1/eligibility-checks', {
    schema: { body: questionSchema, response: { 200: answerSchema } },
    onRequest: authorizer(pool),
    handler: checker(pool),
  });
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PEER_PORT) });
  process.on('SIGTERM', () => process.exit(0));
}

if (cluster.isPrimary) {
  let stopping = false;
  for (let i = 0; i < Number(process.env.PEER_WORKERS ?? 2); i++) cluster.fork();
  cluster.on('exit', (worker, code) => {
    if (!stopping) {
      console.error(`a worker ended: ${code}`);
      process.exit(1);
    }
  });
  process.on('SIGTERM', () => {
    stopping = true;
    for (const worker of Object.values(cluster.workers)) worker.kill('SIGTERM');
    process.exit(0);
  });
} else {
  await serve();
}
