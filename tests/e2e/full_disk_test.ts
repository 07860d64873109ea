/**
 * A gateway whose disk fills up under its publishers: nothing is half stored, nobody is cut off, and
 * with room again it goes on where it was.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Durability } from "../../actors/store/sqlite/epoch.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { type PublishBody, riskAlert } from "../support/events.ts";
import { FAST_HEARTBEATS, GatewayProcess } from "../support/gateway_process.ts";
import { type Answer, HttpApi } from "../support/http_api.ts";
import {
  MAY_FREEZE,
  MAY_MOUNT,
  SmallDisk,
  whileFrozen,
  withoutFreeze,
  withoutMount,
} from "../support/small_disk.ts";
import { BOOT, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { isHeartbeat, seqOf, V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1_048_576;
const DISK_BYTES = 8 * MIB;

/** Events of a request. */
const BATCH = 20;

/** A publisher that remembers what it was told. */
class Publisher {
  /** Events that were acknowledged, in the order of their numbers. */
  readonly acknowledged: string[] = [];
  readonly #api: HttpApi;
  #batches = 0;

  constructor(gateway: GatewayProcess) {
    this.#api = new HttpApi(gateway);
  }

  /** Events that nobody has published yet. */
  draft(): PublishBody[] {
    this.#batches += 1;
    return Array.from({ length: BATCH }, (_, index) => {
      const id = `${this.#batches}-${index}`;
      return { ...riskAlert(id, { message: "x".repeat(1_500) }), eventId: id };
    });
  }

  async send(batch: readonly PublishBody[]): Promise<Answer> {
    const answer = await this.#api.post(batch);
    if (answer.status === 202) {
      for (const { eventId } of batch) this.acknowledged.push(eventId!);
      const { accepted, duplicates, last } = answer.body["data"];
      assert.deepEqual([accepted, duplicates], [BATCH, 0]);
      assert.equal(last["risk-alerts"].seq, this.acknowledged.length, "numbers have no hole");
    }
    return answer;
  }

  /** Publishes until the gateway refuses; returns what it refused. */
  async fill(): Promise<PublishBody[]> {
    while (true) {
      const batch = this.draft();
      const answer = await this.send(batch);
      if (answer.status === 202) continue;
      assertRefused(answer);
      return batch;
    }
  }
}

function assertRefused(answer: Answer): void {
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.body["error"].code, "STORE_UNAVAILABLE");
  assert.match(answer.headers.get("retry-after")!, /^\d+$/);
}

async function healthOf(api: HttpApi): Promise<unknown> {
  return (await api.request("/api/health", { apiKey: null })).body["data"].status;
}

/** The ids that the store of a directory holds, in the order of their numbers. */
async function storedIds(directory: string): Promise<string[]> {
  const store = await SqliteStore.open(sqliteOptions(directory));
  const events = await store.read("risk-alerts", 0, 1_000_000);
  const { seq } = store.head("risk-alerts");
  await store.close();
  assert.deepEqual(events!.map((event) => event.seq), events!.map((_, index) => index + 1));
  assert.equal(events!.length, seq);
  return events!.map(({ key }) => key);
}

function envOf(directory: string, durability: Durability): Record<string, string> {
  return {
    ...FAST_HEARTBEATS,
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_STORE_DURABILITY: durability,
    TELEMETRY_DATA_DIR: directory,
    TELEMETRY_BOOT_ID: BOOT,
  };
}

for (const durability of ["process", "power"] satisfies Durability[]) {
  Deno.test({
    name: `${durability}: on a full disk nothing is stored and clients stay; with room it goes on` +
      withoutMount,
    ignore: !MAY_MOUNT,
    fn: async () => {
      using disk = new SmallDisk(DISK_BYTES);
      disk.occupy(5 * MIB);
      const env = envOf(disk.path, durability);
      let acknowledged: readonly string[];
      {
        await using gateway = await GatewayProcess.start({ env });
        const api = new HttpApi(gateway);
        const { apiKey } = gateway;
        await using client = await V1Client.connect(gateway.wsUrl, {
          apiKey,
          channels: ["risk-alerts"],
        });
        const publisher = new Publisher(gateway);
        const refused = await publisher.fill();
        const stored = publisher.acknowledged.length;
        assert.ok(stored >= 10 * BATCH, `only ${stored} events fitted`);

        // Full: the same answer every time, nothing stored, nobody disturbed.
        for (let time = 0; time < 3; time++) assertRefused(await publisher.send(refused));
        assert.equal((await api.heads())["risk-alerts"], stored);
        assert.equal(await healthOf(api), "degraded");
        await client.waitForEvents("risk-alerts", stored);
        const from = client.messages.length;
        await client.waitFor("a heartbeat", isHeartbeat("server"), { from });
        await client.heartbeat();
        await using late = await V1Client.connect(gateway.wsUrl, {
          apiKey,
          channels: ["risk-alerts"],
          replay: true,
        });
        const replayed = await late.waitForEvents("risk-alerts", 50);
        assert.equal(seqOf(replayed.at(-1)!), stored);

        // Room again: what was refused is taken under the next numbers, and sent to everyone.
        disk.free();
        assert.equal((await publisher.send(refused)).status, 202);
        assert.equal(await healthOf(api), "ok");
        for (let more = 0; more < 5; more++) {
          assert.equal((await publisher.send(publisher.draft())).status, 202);
        }
        acknowledged = publisher.acknowledged;
        const received = await client.waitForEvents("risk-alerts", acknowledged.length);
        assert.deepEqual(received.map(seqOf), acknowledged.map((_, index) => index + 1));
        assert.ok(!client.socket.isClosed && !late.socket.isClosed);

        // Killed on a full disk.
        disk.occupy(DISK_BYTES - usedOf(disk.path) - MIB);
        await publisher.fill();
        await gateway.stop("SIGKILL");
      }
      disk.free();
      const heads = await (async () => {
        await using gateway = await GatewayProcess.start({ env });
        const heads = await new HttpApi(gateway).heads();
        assert.equal((await gateway.stop()).code, 0);
        return heads;
      })();
      assert.equal(heads["risk-alerts"], acknowledged.length);
      assert.deepEqual(await storedIds(disk.path), acknowledged);
    },
  });
}

Deno.test({
  name: `a store that cannot be written for a while refuses events, and takes them afterwards` +
    withoutFreeze,
  ignore: !MAY_FREEZE,
  fn: async () => {
    using directory = new TempDir();
    await using gateway = await GatewayProcess.start({ env: envOf(directory.path, "process") });
    const api = new HttpApi(gateway);
    const publisher = new Publisher(gateway);
    assert.equal((await publisher.send(publisher.draft())).status, 202);
    const files = [...Deno.readDirSync(directory.path)].map(({ name }) =>
      `${directory.path}/${name}`
    );
    const refused = publisher.draft();
    await whileFrozen(files, async () => {
      assertRefused(await publisher.send(refused));
      assert.equal(await healthOf(api), "degraded");
    });
    assert.equal((await publisher.send(refused)).status, 202);
    assert.equal(await healthOf(api), "ok");
    const line = (message: string) => gateway.logs.some((log) => log["message"] === message);
    await waitUntil("both are logged", () => ({
      failed: line("commit failed; nothing of it was stored"),
      back: line("the store takes events again"),
    }), ({ failed, back }) => failed && back);
    assert.equal((await gateway.stop()).code, 0);
    assert.deepEqual(await storedIds(directory.path), publisher.acknowledged);
  },
});

/** Bytes in the files of a directory. */
function usedOf(directory: string): number {
  return [...Deno.readDirSync(directory)]
    .reduce((sum, { name }) => sum + Deno.statSync(`${directory}/${name}`).size, 0);
}
