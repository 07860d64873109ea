/**
 * A wall clock that is set under the running gateway, by libfaketime. It fakes the wall clock alone;
 * that it does is checked first, as it fakes the monotonic clock as well unless told otherwise.
 *
 * @module
 */
import assert from "node:assert/strict";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, type Json } from "../support/http_api.ts";
import { TempDir } from "../support/store_fixture.ts";
import { V1Client } from "../support/v1_client.ts";
import { pause } from "../support/wait.ts";

/** Where Debian's package `libfaketime` puts it. */
const LIBRARY = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });

/** A wall clock that tests set. */
class FakeWall {
  readonly #file: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(directory: string) {
    this.#file = `${directory}/wall`;
    this.set("+0");
    this.env = {
      LD_PRELOAD: LIBRARY!,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      FAKETIME_NO_CACHE: "1",
      TELEMETRY_STORE: "sqlite",
      TELEMETRY_DATA_DIR: `${directory}/data`,
    };
  }

  /** Sets it relative to the real one: `-1h`, `+10d`. */
  set(offset: string): void {
    Deno.writeTextFileSync(`${this.#file}.new`, `${offset}\n`);
    Deno.renameSync(`${this.#file}.new`, this.#file);
  }

  /** Fails when the monotonic clock of a process is faked too: then nothing would be proven. */
  async verify(): Promise<void> {
    const script = `const m = performance.now(), w = Date.now();
      await Deno.stdin.read(new Uint8Array(1));
      console.log(performance.now() - m, Date.now() - w);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      env: this.env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    await pause(1_000);
    this.set("+1h");
    const writer = child.stdin.getWriter();
    await writer.write(new Uint8Array(1));
    await writer.close();
    const text = new TextDecoder().decode((await child.output()).stdout);
    const [monotonic, wall] = text.split(" ").map(Number);
    this.set("+0");
    assert.ok(wall! >= 3_500_000, `the wall clock was not faked: ${text}`);
    assert.ok(monotonic! < 60_000, `the monotonic clock was faked as well: ${text}`);
  }
}

async function acknowledge(api: HttpApi, id: string): Promise<void> {
  const path = `/api/v1/telemetry/risk-alerts/${id}/acknowledge`;
  assert.equal((await api.request(path, { method: "POST" })).status, 200);
}

async function emit(api: HttpApi, client: V1Client, id: string): Promise<unknown> {
  const seq = String((await api.publish(riskAlert(id)))["last"]["risk-alerts"].seq);
  const { data } = await client.waitFor(
    `alert ${seq}`,
    ({ type, channel, meta }) =>
      type === "event" && channel === "risk-alerts" && meta!["seq"] === seq,
  );
  return data!["status"];
}

const ignore = LIBRARY === undefined;
// deno-lint-ignore no-console
if (ignore) console.info("skipped: libfaketime is not installed (Debian package faketime)");

Deno.test(
  "a wall clock that is set changes no incident, and deletes nothing",
  { ignore },
  async () => {
    using directory = new TempDir();
    const wall = new FakeWall(directory.path);
    await wall.verify();
    const env = {
      ...wall.env,
      TELEMETRY_INCIDENT_GAP_SECONDS: "2",
      TELEMETRY_RETENTION_HOURS: "1",
      TELEMETRY_RING_CAPACITY: "16", // So that history comes from the store.
    };
    await using gateway = await GatewayProcess.start({ env });
    const { wsUrl, apiKey } = gateway;
    const api = new HttpApi(gateway);
    const channels = ["risk-alerts", "system-warnings"];
    await using client = await V1Client.connect(wsUrl, { apiKey, channels });
    await api.publish(Array.from({ length: 400 }, (_, n) => riskAlert(`old-${n}`)));

    await emit(api, client, "ahead");
    await acknowledge(api, "ahead");
    wall.set("+10d");
    assert.equal(await emit(api, client, "ahead"), "ACKNOWLEDGED", "a step split the incident");
    await client.waitFor("the warning", ({ data }) => data?.["code"] === "CLOCK_STEPPED");
    await pause(2_500);

    await emit(api, client, "back");
    await acknowledge(api, "back");
    wall.set("-1h");
    await pause(2_500);
    assert.equal(await emit(api, client, "back"), "ACTIVE", "a step merged two incidents");

    const page = await api.request("/api/v1/telemetry/risk-alerts/events?afterSeq=0&limit=1");
    assert.equal(page.status, 200, page.text);
    assert.equal((page.body as Json)["data"].events[0].seq, 1, page.text.slice(0, 500));
  },
);

for (const offset of ["+10d", "-1h"]) {
  Deno.test(
    `a retry is a duplicate after a restart with the clock set by ${offset}`,
    { ignore },
    async () => {
      using directory = new TempDir();
      const wall = new FakeWall(directory.path);
      const more = Array.from({ length: 50 }, (_, n) => riskAlert(`b-${n}`));
      const event = { ...riskAlert("a"), eventId: "once" };
      const env = {
        ...wall.env,
        TELEMETRY_RETENTION_HOURS: "1",
        TELEMETRY_RING_CAPACITY: "16",
      };
      const options = { apiKey: "clock-test-key", env };
      {
        await using gateway = await GatewayProcess.start(options);
        assert.equal(
          (await new HttpApi(gateway).publish([event, ...more]))["duplicates"],
          0,
        );
        await gateway.stop();
      }
      wall.set(offset);
      await using gateway = await GatewayProcess.start(options);
      const api = new HttpApi(gateway);
      assert.equal((await api.publish(event))["duplicates"], 1);
      await pause(1_500); // Retention has looked.
      const page = await api.request("/api/v1/telemetry/risk-alerts/events?afterSeq=0&limit=1");
      assert.equal(page.body["data"].events[0].seq, 1, page.text);
    },
  );
}
