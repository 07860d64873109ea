/**
 * A publisher with an outbox in a file, killed at random moments while its gateway restarts: every
 * event is stored once, in order.
 *
 * @module
 */
import assert from "node:assert/strict";
import { HttpApi, type Json } from "../support/http_api.ts";
import { projectPath } from "../support/paths.ts";
import { ProcessOutput } from "../support/process_output.ts";
import { TempDir } from "../support/store_fixture.ts";
import { pause, waitUntil } from "../support/wait.ts";
import { GatewayLives } from "./resume_gateway.ts";

const KILLS = Number(Deno.env.get("TELEMETRY_TEST_OUTBOX_KILLS") ?? 20);

/** The longest life of a program, in ms: from its start, or from when it published something. */
const LIFE_MS = 500;

/** Events that are published in all, at least. */
const EVENTS = 2_000;

Deno.test(`a publisher with a file outbox is killed ${KILLS} times: every event is stored once, in order`, async () => {
  await using lives = await GatewayLives.begin();
  using directory = new TempDir();
  const outbox = `${directory.path}/outbox.ndjson`;
  let kept = 0;

  /**
   * Runs the program until it has published everything, or until it is killed at a random moment:
   * at any, or one after it has published something, which is waited for however slow it starts.
   */
  const run = async (killed?: "at any moment" | "when it has published"): Promise<void> => {
    const program = projectPath("tests/chaos/client_outbox.ts");
    const to = killed === undefined ? Math.max(EVENTS, kept) : 1_000_000;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", program, lives.wsUrl, outbox, String(kept + 1), String(to)],
      env: { TELEMETRY_API_KEY: lives.apiKey },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = new ProcessOutput(child);
    if (killed !== undefined) {
      if (killed === "when it has published") {
        await waitUntil("it publishes", () => output.text, (text) => text.includes("\n"), {
          withinMs: 30_000,
        });
      }
      await pause(LIFE_MS * Math.random());
      child.kill("SIGKILL");
    }
    const { success } = await child.status;
    await output.ended;
    const numbers = output.text.split("\n").map(Number).filter(Number.isInteger);
    kept = Math.max(kept, ...numbers);
    if (killed === undefined && !success) throw new Error(output.text.slice(-2_000));
  };

  let fruitful = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const before = kept;
    await run(kill % 2 === 0 ? "when it has published" : "at any moment");
    fruitful += Number(kept > before);
    if (kill % 5 === 4) {
      await lives.end(kill % 2 === 0 ? "SIGKILL" : "SIGTERM");
      await lives.start();
    }
  }
  assert.ok(fruitful >= KILLS / 2, `only ${fruitful} of the lives published anything`);
  await run();

  const api = new HttpApi({ url: lives.url, apiKey: lives.apiKey });
  const ids: string[] = [];
  let next: string | undefined = "/api/v1/telemetry/risk-alerts/events?afterSeq=0";
  while (next !== undefined) {
    const { body }: Json = await api.request(next);
    ids.push(...body.data.events.map(({ data }: Json) => data.id));
    next = body.data.next;
  }
  // One more may be in the file than the last program lived to say.
  assert.ok(ids.length >= Math.max(EVENTS, kept), `${ids.length} of ${Math.max(EVENTS, kept)}`);
  const expected = ids.map((_, index) => `alert-${index + 1}`);
  assert.equal(new Set(ids).size, ids.length, "an event was stored twice");
  assert.deepEqual(ids, expected);
});
