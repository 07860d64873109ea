/**
 * The route of backups: who may ask, what is answered, and what is left when a reader leaves.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { BackupPart } from "../../../actors/store/sqlite/backup.ts";
import { StoreError } from "../../../actors/store/sqlite/errors.ts";
import { BACKUP_MEDIA_TYPE } from "../../../protocol/backup.ts";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { type RunningBackup, STALLED_MILLIS } from "../../../routes/api/backup.ts";
import { readItems } from "../../../routes/cli/backup_source.ts";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";

const BYTES = new TextEncoder().encode("{not a line}\nthe bytes");

/** A backup of made-up parts that remembers how it ended. */
class FakeBackup implements RunningBackup {
  readonly rows = 10;
  readonly bytes = 20;
  readonly extents = new Map([["positions", { epoch: "e", seq: 3, oldest: 1 }]]);
  ended = 0;
  constructor(readonly fails?: { readonly at: number; readonly error: Error }) {}

  async *parts(): AsyncGenerator<BackupPart, void, void> {
    const parts: BackupPart[] = [
      { kind: "progress", copied: 5 },
      { kind: "file", bytes: BYTES.length, damaged: 1 },
      { kind: "bytes", bytes: BYTES.slice(0, 4) },
      { kind: "bytes", bytes: BYTES.slice(4) },
    ];
    try {
      for (const [at, part] of parts.entries()) {
        if (at === this.fails?.at) throw this.fails.error;
        yield part;
      }
    } finally {
      this.ended += 1;
    }
  }

  end(): Promise<void> {
    this.ended += 1;
    return Promise.resolve();
  }
}

/** Asks a gateway that answers with a backup. */
async function ask(
  begin: (() => Promise<RunningBackup>) | undefined,
  check: (response: Response, fake: FakeGateway) => Promise<void>,
  keys?: KeyRing,
): Promise<void> {
  await withGateway({ deps: { backup: begin }, ...(keys && { keys }) }, async (fake) => {
    await check(await fake.request("/api/v1/store/backup", { method: "POST" }), fake);
  });
}

async function errorOf(response: Response): Promise<[number, string, string]> {
  const { error } = await response.json();
  return [response.status, error.code, error.message];
}

Deno.test("a backup is progress, then the size and the channels, then the bytes as they are", async () => {
  const backup = new FakeBackup();
  await ask(() => Promise.resolve(backup), async (response, fake) => {
    assert.equal(response.headers.get("content-type"), BACKUP_MEDIA_TYPE);
    const items = [];
    for await (const item of readItems(response.body!)) items.push(item);
    const channels = Object.fromEntries(backup.extents);
    assert.deepEqual(items.slice(0, 3), [
      { rows: 10, bytes: 20 },
      { copied: 5 },
      { file: { bytes: BYTES.length, damaged: 1, channels } },
    ]);
    const bytes = items.slice(3).flatMap((item) => [...item as Uint8Array]);
    assert.deepEqual(bytes, [...BYTES]);
    assert.equal(backup.ended, 1);
    const logged = fake.log.lines.filter(({ message }) => message.startsWith("backup"));
    assert.deepEqual(logged.map(({ message }) => message), ["backup begun", "backup sent"]);
    assert.equal(logged[0]!.properties["principal"], "ops");
  });
});

Deno.test("lines and bytes are told apart wherever the network cuts them", async () => {
  const text = '{"rows":1,"bytes":2}\n{"file":{"bytes":3,"damaged":0,"channels":{}}}\n\n{}';
  const whole = new TextEncoder().encode(text);
  for (let cut = 1; cut < whole.length; cut++) {
    const body = ReadableStream.from([whole.slice(0, cut), whole.slice(cut)]);
    const items = [];
    for await (const item of readItems(body)) items.push(item);
    const bytes = items.slice(2).flatMap((item) => [...item as Uint8Array]);
    assert.deepEqual(new TextDecoder().decode(new Uint8Array(bytes)), "\n{}", `cut at ${cut}`);
    assert.deepEqual(items[0], { rows: 1, bytes: 2 });
  }
});

Deno.test("a memory store has nothing to back up, and says so", async () => {
  await ask(undefined, async (response) => {
    const [status, code, message] = await errorOf(response);
    assert.deepEqual([status, code], [409, "NOTHING_TO_BACK_UP"]);
    assert.match(message, /keeps its events in memory/);
  });
});

const REFUSALS: readonly (readonly [error: StoreError, status: number, code: string])[] = [
  [new StoreError("busy", "another"), 409, "BACKUP_RUNNING"],
  [new StoreError("full", "no room"), 507, "DISK_FULL"],
  [new StoreError("io", "broken"), 503, "STORE_UNAVAILABLE"],
];

for (const [error, status, code] of REFUSALS) {
  Deno.test(`a backup that cannot begin as the store is ${error.code} is answered with ${status}`, async () => {
    await ask(() => Promise.reject(error), async (response) => {
      assert.deepEqual(await errorOf(response), [status, code, error.message]);
    });
  });
}

Deno.test("a backup needs the scope admin", async () => {
  const keys = new KeyRing([apiKey("ops", "ops-secret", {
    scopes: new Set(["subscribe", "publish"] as const),
  })]);
  await ask(() => Promise.resolve(new FakeBackup()), async (response) => {
    assert.deepEqual((await errorOf(response)).slice(0, 2), [403, "FORBIDDEN"]);
  }, keys);
});

Deno.test("copying that fails ends the answer with a line that says why", async () => {
  const backup = new FakeBackup({ at: 1, error: new StoreError("full", "the disk is full") });
  await ask(() => Promise.resolve(backup), async (response) => {
    const items = [];
    for await (const item of readItems(response.body!)) items.push(item);
    assert.deepEqual(items.at(-1), { error: { code: "DISK_FULL", message: "the disk is full" } });
    assert.equal(backup.ended, 1);
  });
});

Deno.test("reading that fails cuts the answer off, as nothing but bytes may follow", async () => {
  const backup = new FakeBackup({ at: 3, error: new Error("cannot be read") });
  await ask(() => Promise.resolve(backup), async (response) => {
    await assert.rejects(response.arrayBuffer());
    assert.equal(backup.ended, 1);
  });
});

Deno.test("a reader that leaves ends the backup, before its first part as well", async () => {
  for (const reads of [0, 1, 3]) {
    const backup = new FakeBackup();
    await ask(() => Promise.resolve(backup), async (response) => {
      const reader = response.body!.getReader();
      for (let read = 0; read < reads; read++) await reader.read();
      await reader.cancel();
      assert.equal(backup.ended, 1, `after ${reads}`);
    });
  }
});

Deno.test("a reader that takes nothing for a minute ends the backup", async () => {
  const backup = new FakeBackup();
  await ask(() => Promise.resolve(backup), async (response, fake) => {
    const reader = response.body!.getReader();
    for (let read = 0; read < 3; read++) await reader.read();
    fake.clock.advance(STALLED_MILLIS);
    await assert.rejects(reader.read());
    assert.equal(backup.ended, 1);
  });
});
