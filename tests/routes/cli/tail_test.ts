import assert from "node:assert/strict";
import { CHANNELS } from "../../../protocol/channels.ts";
import type { TailOptions } from "../../../routes/cli/tail.ts";
import { formatMessage } from "../../../routes/cli/tail_events.ts";
import { runInProcess } from "../../support/program.ts";

async function parse(...args: string[]): Promise<TailOptions> {
  const { tail, errors } = await runInProcess({ args: ["tail", ...args] });
  return tail ?? assert.fail(errors.join());
}

Deno.test("without arguments all channels of the gateway on this machine are shown", async () => {
  const { channels, url, replay, json } = await parse();
  assert.deepEqual(channels, CHANNELS);
  assert.deepEqual([url.href, replay, json], ["http://127.0.0.1:8080/", false, false]);
});

Deno.test("channels are named in any spelling that clients may use", async () => {
  assert.deepEqual((await parse("risk.alert", "POSITION")).channels, ["risk-alerts", "positions"]);
});

Deno.test("switches and the address are read wherever they stand", async () => {
  const { channels, url, replay, json } = await parse(
    "--replay",
    "positions",
    "--json",
    "--url",
    "http://h:1",
  );
  assert.deepEqual(channels, ["positions"]);
  assert.deepEqual([url.href, replay, json], ["http://h:1/", true, true]);
});

const TIMESTAMP = Date.UTC(2026, 0, 31, 12, 0, 0, 250);
const event = { type: "event", channel: "market-data", data: { id: "BTC" }, timestamp: TIMESTAMP };

Deno.test("an event is one line: time, channel, number, data", () => {
  const text = JSON.stringify({ ...event, meta: { seq: "7", epoch: "e" } });
  assert.equal(formatMessage(text), '12:00:00.250 market-data #7 {"id":"BTC"}');
});

Deno.test("a warning without a number is shown without one", () => {
  assert.equal(
    formatMessage(JSON.stringify({ ...event, channel: "system-warnings", meta: { epoch: "e" } })),
    '12:00:00.250 system-warnings {"id":"BTC"}',
  );
});

Deno.test("a replayed event and one after a gap are marked", () => {
  const meta = { seq: "7", epoch: "e", skipped: "3" };
  assert.equal(
    formatMessage(JSON.stringify({ ...event, replay: true, meta })),
    '12:00:00.250 replay market-data #7 {"id":"BTC"}  (3 skipped)',
  );
});

Deno.test("heartbeats are not shown; what else the gateway says is", () => {
  const heartbeat = { type: "heartbeat", meta: { direction: "server" }, timestamp: TIMESTAMP };
  assert.equal(formatMessage(JSON.stringify(heartbeat)), undefined);
  const error = { type: "error", meta: { reason: "rate_limited" }, timestamp: TIMESTAMP };
  assert.equal(
    formatMessage(JSON.stringify(error)),
    '12:00:00.250 error {"reason":"rate_limited"}',
  );
});
