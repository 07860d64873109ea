import assert from "node:assert/strict";
import {
  MAX_CHANNEL_NAMES,
  MAX_CLIENT_MESSAGE_LENGTH,
  MAX_TOLERATED_LENGTH,
} from "../../protocol/client_action.ts";
import { CHANNELS } from "../../protocol/channels.ts";
import { MarkdownDocument } from "../support/markdown.ts";
import { GOLDEN_NAMES, readGolden } from "./golden/read.ts";

const DOCUMENT = new MarkdownDocument("docs/protocol_v1.md");
const EXAMPLES = DOCUMENT.code("json");

for (const name of GOLDEN_NAMES) {
  Deno.test(`the document of v1 shows ${name} verbatim`, () => {
    assert.ok(EXAMPLES.includes(readGolden(name)), "not in a block of its own");
  });
}

Deno.test("the document of v1 shows no message that is not a golden one", () => {
  const goldens = new Set(GOLDEN_NAMES.map(readGolden));
  assert.deepEqual(EXAMPLES.filter((text) => !goldens.has(text)), []);
  assert.equal(EXAMPLES.length, goldens.size);
});

Deno.test("the document of v1 has every channel and every reason of an error", () => {
  for (const channel of CHANNELS) assert.ok(DOCUMENT.section(channel).includes(`"${channel}"`));
  const reasons = GOLDEN_NAMES.filter((name) => name.startsWith("error_"));
  assert.ok(reasons.length >= 7);
  for (const name of reasons) assert.ok(DOCUMENT.literals.has(name.slice(6)), name);
});

Deno.test("the document of v1 names the limits of a message as they are", () => {
  for (const limit of [MAX_CLIENT_MESSAGE_LENGTH, MAX_TOLERATED_LENGTH]) {
    assert.ok(DOCUMENT.text.includes(`${limit.toLocaleString("en")} characters`), `${limit}`);
  }
  assert.ok(DOCUMENT.text.includes(`${MAX_CHANNEL_NAMES} channel names`));
});
