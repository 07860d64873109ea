import assert from "node:assert/strict";
import { z } from "zod";
import { CHANNEL_SPECS, CHANNELS } from "../../protocol/channels.ts";
import { Config } from "../../protocol/config.ts";
import { MAX_ID_LENGTH, MAX_TEXT_LENGTH } from "../../protocol/events/fields.ts";
import { MAX_VIOLATIONS } from "../../protocol/events/risk_alert.ts";
import { type WarningKind, WARNINGS } from "../../protocol/warning_codes.ts";
import { MarkdownDocument } from "../support/markdown.ts";

const DOCUMENT = new MarkdownDocument("docs/channels.md");

/** A JSON schema, as far as this test looks into it. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
}

/** Every field with whether it may be absent, and every value of an enumeration, at any depth. */
function* wordsOf(schema: Schema): Generator<readonly [word: string, optional: boolean]> {
  for (const value of schema.enum ?? []) yield [value, false];
  if (schema.items !== undefined) yield* wordsOf(schema.items);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield [name, schema.required?.includes(name) !== true];
    yield* wordsOf(field);
  }
}

/** What every outgoing event has, though publishers may leave it out. */
const COMPLETED: ReadonlySet<string> = new Set([
  ...["id", "updatedAt", "createdAt", "isActive", "traderId"],
]);

for (const channel of CHANNELS) {
  Deno.test(`the table of ${channel} has every field and every value of its payload`, () => {
    const section = DOCUMENT.section(channel);
    const schema = z.toJSONSchema(CHANNEL_SPECS[channel].payload, { io: "output" }) as Schema;
    const words = [...wordsOf(schema)];
    assert.ok(words.length >= 6);
    for (const [word, optional] of words) {
      assert.match(section, new RegExp(`[\`.]${word}\``), word);
      const marked = section.includes(`${word}\`?`);
      assert.equal(marked, optional && !COMPLETED.has(word), `${word} is marked as optional`);
    }
  });
}

Deno.test("the table of channels is the catalogue, with what is never dropped", () => {
  const rows = DOCUMENT.table("channel");
  assert.deepEqual(rows.map(([name]) => name), CHANNELS.map((name) => `\`${name}\``));
  const kept = rows.filter(([, , shed]) => shed === "never dropped").map(([name]) => name);
  const lossless = CHANNELS.filter((name) => CHANNEL_SPECS[name].lane === "lossless");
  assert.deepEqual(kept, lossless.map((name) => `\`${name}\``));
});

Deno.test("the table of warnings is the catalogue", () => {
  const expected = Object.entries<WarningKind>(WARNINGS).map(([code, warning]) => [
    `\`${code}\``,
    `\`${warning.severity}\``,
    warning.stored ? "yes" : "no",
    warning.meaning,
  ]);
  assert.deepEqual(DOCUMENT.rows(/^\| `[A-Z_]+` \| `[A-Z]+` \|/), expected);
});

Deno.test("the document of channels names options and limits as they are", () => {
  const { telemetry } = Config.parse({});
  const { marketDataMaxAgeSeconds, declaredMaxAgeSeconds } = telemetry;
  for (
    const words of [
      `\`telemetry.marketDataMaxAgeSeconds\` (${marketDataMaxAgeSeconds})`,
      `\`telemetry.declaredMaxAgeSeconds\` (${declaredMaxAgeSeconds})`,
      `at most ${MAX_ID_LENGTH} characters, other texts ${MAX_TEXT_LENGTH.toLocaleString("en")}`,
      `list of objects, at most ${MAX_VIOLATIONS} |`,
    ]
  ) assert.ok(DOCUMENT.text.includes(words), words);
});
