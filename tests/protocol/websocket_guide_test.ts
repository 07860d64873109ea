import assert from "node:assert/strict";
import { ERROR_STATUS } from "../../protocol/api.ts";
import { CHANNELS } from "../../protocol/channels.ts";
import {
  MAX_CHANNEL_NAMES,
  MAX_CLIENT_MESSAGE_LENGTH,
  MAX_TOLERATED_LENGTH,
} from "../../protocol/client_action.ts";
import { type Ending, ENDINGS, type Reconnect } from "../../protocol/close_codes.ts";
import { Config } from "../../protocol/config.ts";
import { findOption } from "../../protocol/config/options.ts";
import { type WarningKind, WARNINGS } from "../../protocol/warning_codes.ts";
import { projectPath } from "../support/paths.ts";
import { GOLDEN_NAMES, readGolden } from "./golden/read.ts";

const GUIDE = Deno.readTextFileSync(projectPath("docs/websocket_guide.md"));

/** The JSON examples of the guide, each a line of its own. */
const EXAMPLES = [...GUIDE.matchAll(/^```json\n(.*)\n```$/gm)].map(([, text]) => text!);

/** The cells of every table row that matches. */
function rowsOf(pattern: RegExp): string[][] {
  return GUIDE.split("\n").filter((line) => pattern.test(line)).map((line) =>
    line.slice(1, -1).split("|").map((cell) => cell.trim())
  );
}

for (const name of GOLDEN_NAMES) {
  Deno.test(`the guide shows ${name} verbatim`, () => {
    assert.ok(EXAMPLES.includes(readGolden(name)), "not in a block of its own");
  });
}

Deno.test("the guide shows no message that is not a golden one", () => {
  const goldens = new Set(GOLDEN_NAMES.map(readGolden));
  const messages = EXAMPLES.filter((text) =>
    "type" in JSON.parse(text) || "action" in JSON.parse(text)
  );
  assert.deepEqual(messages.filter((text) => !goldens.has(text)), []);
  assert.equal(messages.length, goldens.size);
});

const WORDS: Readonly<Record<Reconnect, string>> = {
  "yes": "yes",
  "after-hint": "yes, after a pause",
  "later": "yes, later",
  "no": "no",
};

Deno.test("the guide's table of close codes is the catalogue", () => {
  const expected = Object.entries<Ending>(ENDINGS).map(([cause, { code, reason, reconnect }]) => [
    String(code),
    reason,
    `\`${cause}\``,
    WORDS[reconnect],
  ]);
  assert.deepEqual(rowsOf(/^\| [14]\d{3} \|/), expected);
});

Deno.test("the guide's table of warnings is the catalogue", () => {
  const expected = Object.entries<WarningKind>(WARNINGS).map(([code, warning]) => [
    `\`${code}\``,
    `\`${warning.severity}\``,
    warning.stored ? "yes" : "no",
    warning.meaning,
  ]);
  assert.deepEqual(rowsOf(/^\| `[A-Z_]+` \| `[A-Z]+` \|/), expected);
});

Deno.test("the guide names error codes that exist, with their status", () => {
  const rows = rowsOf(/^\| [2345]\d\d \|/);
  const named = rows.flatMap(([status, codes]) =>
    [...codes!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code!, Number(status)] as const)
  );
  for (const [code, status] of named) {
    assert.equal(ERROR_STATUS[code as keyof typeof ERROR_STATUS], status, code);
  }
  assert.ok(named.length >= 11);
});

Deno.test("the guide describes every channel and every reason of an error", () => {
  for (const channel of CHANNELS) {
    assert.ok(rowsOf(new RegExp(`^\\| \`${channel}\` \\|`)).length === 1, channel);
    assert.ok(GUIDE.includes(`\n### ${channel}\n`), channel);
  }
  const reasons = GOLDEN_NAMES.filter((name) => name.startsWith("error_"));
  for (const name of reasons) assert.ok(GUIDE.includes(`\`${name.slice(6)}\``), name);
});

Deno.test("the guide names options that exist, with their defaults", () => {
  const config = Config.parse({});
  const options = [...GUIDE.matchAll(/`((?:telemetry|security|server)\.(?!v1)\w+)`/g)];
  for (const [, path] of options) assert.ok(findOption(path!), path);
  const defaults: Readonly<Record<string, number>> = {
    "`telemetry.replayLimit` (": config.telemetry.replayLimit,
    "`telemetry.heartbeatTimeoutSeconds` (": config.telemetry.heartbeatTimeoutSeconds,
    "Every `heartbeatIntervalSeconds` (": config.telemetry.heartbeatIntervalSeconds,
    "`telemetry.marketDataMaxAgeSeconds` (": config.telemetry.marketDataMaxAgeSeconds,
    "`telemetry.declaredMaxAgeSeconds` (": config.telemetry.declaredMaxAgeSeconds,
    "More than ": config.telemetry.inboundMessagesPerSecond,
  };
  for (const [before, value] of Object.entries(defaults)) {
    assert.ok(GUIDE.includes(before + value.toLocaleString("en")), `${before}${value}`);
  }
});

Deno.test("the guide names the limits of a message as they are", () => {
  for (const limit of [MAX_CLIENT_MESSAGE_LENGTH, MAX_TOLERATED_LENGTH]) {
    assert.ok(GUIDE.includes(`${limit.toLocaleString("en")} characters`), `${limit}`);
  }
  assert.ok(GUIDE.includes(`${MAX_CHANNEL_NAMES} channel names`));
});

Deno.test("every link within the guide leads to one of its headings", () => {
  const anchors = new Set(
    [...GUIDE.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!.toLowerCase().replaceAll(/[^a-z0-9 -]/g, "").replaceAll(" ", "-")
    ),
  );
  for (const [, anchor] of GUIDE.matchAll(/\]\(#([^)]+)\)/g)) {
    assert.ok(anchors.has(anchor!), anchor);
  }
});
