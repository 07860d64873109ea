import assert from "node:assert/strict";
import { FileKeyStore } from "../../../routes/auth/keys/key_store.ts";
import { apiKey } from "../../../routes/auth/api_keys.ts";
import {
  FAKE_ADDRESS,
  type FakeGateway,
  OPS_SECRET,
  RecordingLogger,
  withGateway,
} from "../../support/fake_gateway.ts";
import { position } from "../../support/events.ts";
import { MemoryKeysFile } from "../../support/memory_keys_file.ts";
import { TestClock } from "../../support/test_clock.ts";

/** A gateway whose keys are in a file in memory, beside the key of the administrator. */
async function withKeys(
  body: (fake: FakeGateway, file: MemoryKeysFile, recorded: string[]) => Promise<void>,
): Promise<void> {
  const file = new MemoryKeysFile();
  const recorded: string[] = [];
  const store = await FileKeyStore.open({
    clock: new TestClock(),
    log: new RecordingLogger(),
    file,
    fixed: [
      apiKey("ops", OPS_SECRET),
      apiKey("reader", "reader", { scopes: new Set(["subscribe"]) }),
    ],
  });
  store.recordChanges((changes, { principal, address }) =>
    recorded.push(...changes.map(({ kind, name }) => `${kind} ${name} by ${principal} ${address}`))
  );
  try {
    await withGateway(
      { deps: { keys: store, keyAdmin: store } },
      (fake) => body(fake, file, recorded),
    );
  } finally {
    store.stop();
  }
}

async function send(fake: FakeGateway, method: string, path: string, body?: unknown) {
  const init = body === undefined
    ? { method }
    : { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await fake.request(`/api/v1/keys${path}`, init);
  return { response, answer: await response.clone().json() };
}

const DESK = { name: "desk", scopes: ["subscribe"], channels: ["POSITION"] };

Deno.test("a key that is made over REST counts at once, and its secret is shown once", async () => {
  await withKeys(async (fake, file, recorded) => {
    const { response, answer: { data } } = await send(fake, "POST", "", DESK);
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.deepEqual([data.key.name, data.key.channels], ["desk", ["positions"]]);
    const read = await fake.request("/api/v1/telemetry/positions/snapshot", {}, data.secret);
    assert.equal(read.status, 200);
    const foreign = await fake.request("/api/v1/telemetry/market-data/snapshot", {}, data.secret);
    assert.equal((await foreign.json()).error.code, "FORBIDDEN");
    const { answer: list } = await send(fake, "GET", "");
    assert.deepEqual(list.data.map(({ name }: { name: string }) => name), ["desk"]);
    assert.deepEqual(list.data[0].secrets.map(({ id }: { id: string }) => id), [data.secretId]);
    const everything = `${JSON.stringify(list)}${file.text}${Deno.inspect(fake.log.lines)}`;
    assert.equal(everything.includes(data.secret), false);
    assert.deepEqual(recorded, [`created desk by ops ${FAKE_ADDRESS}`]);
  });
});

Deno.test("a key is rotated and its first secret revoked over REST", async () => {
  await withKeys(async (fake) => {
    const { answer: { data: first } } = await send(fake, "POST", "", DESK);
    const { answer: { data: second } } = await send(fake, "POST", "/desk/rotate");
    assert.deepEqual(
      second.key.secrets.map(({ id }: { id: string }) => id),
      [first.secretId, second.secretId],
    );
    const statusOf = async (secret: string) =>
      (await fake.request("/api/v1/telemetry/positions/snapshot", {}, secret)).status;
    assert.deepEqual([await statusOf(first.secret), await statusOf(second.secret)], [200, 200]);
    const third = await fake.request("/api/v1/keys/desk/rotate", { method: "POST" });
    assert.equal((await third.json()).error.code, "KEY_LIMIT");
    const { response } = await send(fake, "DELETE", `/desk/secrets/${first.secretId}`);
    assert.equal(response.status, 200);
    assert.deepEqual([await statusOf(first.secret), await statusOf(second.secret)], [401, 200]);
  });
});

Deno.test("revoking a key over REST ends its connections with 4401", async () => {
  await withKeys(async (fake) => {
    const { answer: { data } } = await send(fake, "POST", "", DESK);
    const principal = {
      name: "desk",
      authenticated: true,
      scopes: new Set(["subscribe"] as const),
      secretId: data.secretId,
    };
    const client = fake.connect({ principal });
    const other = fake.connect();
    const { answer } = await send(fake, "DELETE", "/desk");
    assert.deepEqual(answer.data, { name: "desk", revoked: true });
    await fake.clock.advanceAsync(10);
    assert.deepEqual([client.socket.codes, other.socket.codes], [[4401], []]);
  });
});

Deno.test("a body that is still arriving when its key is revoked or narrowed is refused", async () => {
  await withKeys(async (fake, file) => {
    const { answer: { data } } = await send(fake, "POST", "", {
      name: "core",
      scopes: ["publish"],
    });
    const publish = async (meanwhile: () => Promise<unknown>) => {
      const bytes = new TextEncoder().encode(JSON.stringify(position("p1")));
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(bytes.subarray(0, 10));
          await meanwhile();
          controller.enqueue(bytes.subarray(10));
          controller.close();
        },
      });
      const headers = { "Content-Type": "application/json" };
      const init = { method: "POST", headers, body };
      const response = await fake.request("/api/v1/telemetry/events", init, data.secret);
      return (await response.json()).error?.code;
    };
    assert.equal(await publish(() => Promise.resolve()), undefined);
    const narrow = async () => {
      file.write(file.text!.replace('"publish"', '"subscribe"'), 0);
      await send(fake, "POST", "", { name: "other", scopes: ["metrics"] }); // Reads the file.
    };
    assert.equal(await publish(narrow), "FORBIDDEN");
    file.write(file.text!.replace('"subscribe"', '"publish"'), 1);
    await send(fake, "DELETE", "/other");
    assert.equal(await publish(() => send(fake, "DELETE", "/core")), "API_KEY_INVALID");
  });
});

const FAULTS: readonly (readonly [
  what: string,
  method: string,
  path: string,
  body: unknown,
  status: number,
  code: string,
  message: RegExp,
])[] = [
  ["a name that is taken", "POST", "", DESK, 409, "KEY_EXISTS", /rotate it/],
  [
    "a reserved name",
    "POST",
    "",
    { ...DESK, name: "metrics" },
    400,
    "INVALID_REQUEST",
    /^name: reserved/,
  ],
  [
    "an unknown scope",
    "POST",
    "",
    { ...DESK, name: "x", scopes: ["all"] },
    400,
    "INVALID_REQUEST",
    /^scopes\[0\]: unknown scope/,
  ],
  [
    "an unknown limit",
    "POST",
    "",
    { ...DESK, name: "x", chanels: [] },
    400,
    "INVALID_REQUEST",
    /chanels/,
  ],
  [
    "a secret of one's own",
    "POST",
    "",
    { ...DESK, name: "x", secret: "s" },
    400,
    "INVALID_REQUEST",
    /secret/,
  ],
  [
    "an expiry in the past",
    "POST",
    "",
    { ...DESK, name: "x", expiresAt: "2020-01-01T00:00:00Z" },
    400,
    "INVALID_REQUEST",
    /not in the future/,
  ],
  ["no body", "POST", "", undefined, 415, "UNSUPPORTED_MEDIA_TYPE", /json/],
  ["an unknown key", "DELETE", "/dask", undefined, 404, "KEY_NOT_FOUND", /there are desk/],
  [
    "the key of the configuration",
    "DELETE",
    "/default",
    undefined,
    404,
    "KEY_NOT_FOUND",
    /configured/,
  ],
  [
    "an unknown secret",
    "DELETE",
    "/desk/secrets/00000000",
    undefined,
    404,
    "KEY_NOT_FOUND",
    /no such secret/,
  ],
  ["the only secret", "DELETE", "/desk/secrets/{id}", undefined, 409, "KEY_LIMIT", /only secret/],
];

for (const [what, method, path, body, status, code, message] of FAULTS) {
  Deno.test(`${method} /api/v1/keys${path} with ${what} is answered ${code}`, async () => {
    await withKeys(async (fake, file) => {
      const { answer: { data } } = await send(fake, "POST", "", DESK);
      const before = file.text;
      const { response, answer } = await send(
        fake,
        method,
        path.replace("{id}", data.secretId),
        body,
      );
      assert.deepEqual([response.status, answer.error.code], [status, code]);
      assert.match(answer.error.message, message);
      assert.equal(file.text, before);
    });
  });
}

Deno.test("a broken keys file is not overwritten over REST: the answer names its line", async () => {
  await withKeys(async (fake, file) => {
    file.text = '{\n"version": 1,\n"keys": [7]\n}';
    const { response, answer } = await send(fake, "POST", "", DESK);
    assert.deepEqual([response.status, answer.error.code], [409, "KEYS_FILE_INVALID"]);
    assert.match(answer.error.message, /^keys\.json:3: /);
  });
});

Deno.test("keys are managed with the scope admin alone", async () => {
  await withKeys(async (fake) => {
    for (const secret of ["reader", null]) {
      const response = await fake.request("/api/v1/keys", {}, secret);
      assert.equal(response.status, secret === null ? 401 : 403);
      await response.body?.cancel();
    }
  });
});
