import { CHANNEL_SPECS } from "../../protocol/channels.ts";
import assert from "node:assert/strict";
import { DEFAULT_HISTORY_PAGE, errorEnvelope, MAX_HISTORY_PAGE } from "../../protocol/api.ts";
import { type ErrorCode, ERRORS } from "../../protocol/errors.ts";
import { PROTOCOL_NAMES } from "../../protocol/rest/connections.ts";
import { Config } from "../../protocol/config.ts";
import { findOption } from "../../protocol/config/options.ts";
import { projectPath } from "../support/paths.ts";

const GUIDE = Deno.readTextFileSync(projectPath("docs/rest_guide.md"));

/** The JSON examples of the guide, each a line of its own. */
const EXAMPLES = [...GUIDE.matchAll(/^```json\n(.*)\n```$/gm)].map(([, text]) => text!);

Deno.test("the REST guide names error codes that exist, with their status", () => {
  const rows = GUIDE.split("\n").filter((line) => /^\| [45]\d\d/.test(line));
  const named = rows.flatMap((row) => {
    const [, statuses, codes] = row.split("|");
    return [...codes!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code!, statuses!] as const);
  });
  for (const [code, statuses] of named) {
    const status = ERRORS[code as ErrorCode].status;
    assert.ok(statuses.split(",").map(Number).includes(status), code);
  }
  assert.ok(named.length >= 8);
});

Deno.test("the examples of the REST guide are answers with data that could be published", () => {
  const events = EXAMPLES.flatMap((text) => {
    const { success, data, timestamp } = JSON.parse(text);
    assert.equal(success, true);
    assert.equal(errorEnvelope("NOT_FOUND", "", Date.parse(timestamp)).timestamp, timestamp);
    return data.events ?? [];
  });
  assert.equal(events.length, 2);
  const [{ data: { timestamp, ...payload } }, removed] = events;
  assert.equal(CHANNEL_SPECS.positions.payload.safeParse(payload).success, true);
  assert.equal(timestamp, Date.parse(payload.updatedAt));
  assert.deepEqual(Object.keys(removed.data), ["id", "removed"]);
});

Deno.test("the REST guide names options and limits as they are", () => {
  const { telemetry } = Config.parse({});
  for (const [, path] of GUIDE.matchAll(/`((?:telemetry|store|server)\.\w+)`/g)) {
    const isProtocol = (PROTOCOL_NAMES as readonly string[]).includes(path!);
    assert.ok(isProtocol || findOption(path!), path);
  }
  assert.ok(GUIDE.includes(`\`telemetry.incidentGapSeconds\` (${telemetry.incidentGapSeconds})`));
  assert.ok(GUIDE.includes(`\`telemetry.replayLimit\` (${telemetry.replayLimit})`));
  const most = MAX_HISTORY_PAGE.toLocaleString("en");
  assert.ok(GUIDE.includes(`1 to ${most}; ${DEFAULT_HISTORY_PAGE} without it`));
});
