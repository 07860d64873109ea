import assert from "node:assert/strict";
import { CHANNELS } from "../../../protocol/channels.ts";
import { formatMessage, parseTailCommand, type TailCommand } from "../../../routes/cli/tail.ts";

const parse = (...args: string[]) => parseTailCommand(args) as TailCommand;

Deno.test("without arguments all channels of the gateway on this machine are shown", () => {
  const command = parse();
  assert.deepEqual(command.channels, CHANNELS);
  assert.equal(command.url.href, "http://127.0.0.1:8080/");
  assert.equal(command.replay, false);
  assert.equal(command.json, false);
});

Deno.test("channels are named in any spelling that clients may use", () => {
  assert.deepEqual(parse("risk.alert", "POSITION").channels, ["risk-alerts", "positions"]);
});

Deno.test("help comes before everything else", () => {
  assert.equal(parseTailCommand(["positions", "--help"]), "help");
});

Deno.test("a command line that cannot be meant is refused by name", () => {
  assert.throws(() => parse("prices"), /unknown channel prices; use risk-alerts/);
  assert.throws(() => parse("--url", "nowhere"), /--url nowhere is not a URL/);
  assert.throws(() => parse("--replays"), /--replays/);
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
