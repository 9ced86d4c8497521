/* The whole life of a member through a client that openapi-typescript made of openapi/openapi.yaml: that it compiles is half of the
 * test. Prints a line a step; anything unexpected ends it with an error. */
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./made/schema.js";

type Member = components["schemas"]["Member"];

const [baseUrl, token, insurer_number] = process.argv.slice(2);
assert(baseUrl && token && insurer_number, "usage: life_of_a_member URL TOKEN INSURER_NUMBER");

const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const member_id = "TS-000001";
const path = { insurer_number, member_id };

function data<T>(answer: { data?: T; error?: unknown; response: Response }, status: number): T {
	assert.equal(answer.response.status, status, JSON.stringify(answer.error));
	return answer.data as T;
}

function etag(answer: { response: Response }): string {
	const tag = answer.response.headers.get("ETag");
	assert(tag, "an answer without an ETag");
	return tag;
}

function only<T>(list: readonly T[]): T {
	assert.equal(list.length, 1);
	return list[0] as T;
}

/* Registered with an Idempotency-Key, and once more because the answer was lost. */
const wish = {
	member_id,
	name: "生成 花子",
	name_kana: "セイセイ ハナコ",
	sex: "female" as const,
	birth_date: "1984-03-05",
	memberships: [{ relationship: "insured" as const, symbol: "500", number: "7001", branch_number: "00", acquired_on: "2024-04-01" }],
};
const register = () =>
	client.POST("/v1/insurers/{insurer_number}/members", {
		params: { path: { insurer_number }, header: { "Idempotency-Key": "life-of-a-member" } },
		body: wish,
	});
const made = await register();
const registered: Member = data(made, 201);
assert.equal(registered.name, wish.name);
assert.equal(only(registered.memberships).lost_on, null);
const again = await register();
assert.deepEqual(data(again, 201), registered);
assert.equal(again.response.headers.get("Idempotent-Replayed"), "true");
console.log("registered");

/* Corrected; who still holds the old version is told so. */
const read = await client.GET("/v1/insurers/{insurer_number}/members/{member_id}", { params: { path } });
assert.deepEqual(data(read, 200), registered);
const corrected = await client.PATCH("/v1/insurers/{insurer_number}/members/{member_id}", {
	params: { path, header: { "If-Match": etag(read) } },
	body: { name: "生成 華子", address: "東京都資格区確認町1-2-3" },
});
assert.equal(data(corrected, 200).name, "生成 華子");
const late = await client.PATCH("/v1/insurers/{insurer_number}/members/{member_id}", {
	params: { path, header: { "If-Match": etag(read) } },
	body: { name: "遅 花子" },
});
assert.equal(late.response.status, 412);
assert.equal(late.error?.code, "precondition_failed");
console.log("corrected");

/* Put as it is: nothing changes, not even its version. */
const { link: _link, registered_at: _registered, changed_at: _changed, individual_number_last4: _last4, ...record } = data(corrected, 200);
const put = await client.PUT("/v1/insurers/{insurer_number}/members/{member_id}", { params: { path }, body: record });
assert.deepEqual(data(put, 200), data(corrected, 200));
assert.equal(etag(put), etag(corrected));
console.log("put");

/* Found, without personal data in an address. */
const search = await client.POST("/v1/insurers/{insurer_number}/members/search", {
	params: { path: { insurer_number } },
	body: { number: "7001", birth_date: wish.birth_date },
});
assert.equal(only(data(search, 200).members).member_id, member_id);
console.log("found");

/* Lost and reinstated. */
const lost = await client.POST("/v1/insurers/{insurer_number}/members/{member_id}/loss", {
	params: { path },
	body: { lost_on: "2026-10-01", loss_reason: "03" },
});
assert.equal(only(data(lost, 200).memberships).lost_on, "2026-10-01");
const reinstated = await client.POST("/v1/insurers/{insurer_number}/members/{member_id}/reinstatement", { params: { path } });
assert.equal(only(data(reinstated, 200).memberships).lost_on, null);
console.log("lost and reinstated");

/* Nothing was overwritten. */
const history = await client.GET("/v1/insurers/{insurer_number}/members/{member_id}/history", { params: { path } });
const versions = data(history, 200).versions;
assert.deepEqual(
	versions.flatMap((version) => (version.part === "person" ? [version.value.name] : [])),
	[wish.name, "生成 華子"],
);
assert.deepEqual(
	versions.flatMap((version) => (version.part === "membership" ? [version.value.lost_on] : [])),
	[null, "2026-10-01", null],
);
console.log("remembered");

/* A wrong field is named by its pointer. */
const wrong = await client.POST("/v1/insurers/{insurer_number}/members", {
	params: { path: { insurer_number } },
	body: { ...wish, member_id: "TS-000002", birth_date: "1984-02-30" },
});
assert.equal(wrong.response.status, 422);
assert.equal(only(wrong.error?.code === "invalid_fields" ? wrong.error.errors : []).pointer, "/birth_date");
console.log("refused");
