/**
 * The tables of `docs/channels.md`, made from the specs of the channels and the schemas of their
 * payloads.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelDefinition, ChannelSet } from "../protocol/channel_set.ts";
import { PRODUCT_CHANNELS } from "../protocol/channel_set.ts";
import { Decimal } from "../protocol/decimal.ts";
import { JAVA_DURATION } from "../protocol/iso_duration.ts";

/** What precedes each generated part of the document, and what follows it. */
const MARKERS = {
  overview: "<!-- generated from protocol/channels.ts: do not edit -->",
  fields: "<!-- generated from protocol/events/: do not edit -->",
  end: "<!-- end of the generated part -->",
} as const;

/**
 * Replaces the generated parts of the document.
 *
 * @param channels The channels that it describes.
 * @throws {Error} When the document has no markers.
 */
export function renderChannelReference(
  current: string,
  channels: ChannelSet = PRODUCT_CHANNELS,
): string {
  const definitions = [...channels.definitions()];
  const withOverview = replacePart(current, MARKERS.overview, overview(definitions));
  return replacePart(withOverview, MARKERS.fields, definitions.map(section).join("\n\n"));
}

function replacePart(text: string, marker: string, part: string): string {
  const from = text.indexOf(marker);
  const to = text.indexOf(MARKERS.end, from);
  if (from === -1 || to === -1) throw new Error(`the document of channels has no ${marker}`);
  return `${text.slice(0, from + marker.length)}\n\n${part}\n\n${text.slice(to)}`;
}

function overview(definitions: readonly ChannelDefinition[]): string {
  const rows = definitions.map((one) =>
    `| \`${one.name}\` | ${carriesOf(one)} | ${shedOf(one)} | ${writerOf(one)} | ${staleOf(one)} |`
  );
  return [
    "| channel | what it carries | when you are slow | published by | stale after |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function carriesOf({ carries, closingStatus }: ChannelDefinition): string {
  return closingStatus === undefined ? carries : `${carries}; \`${closingStatus}\` ends it`;
}

function shedOf({ lane, keyName }: ChannelDefinition): string {
  return lane === "lossless" ? "never dropped" : `conflated to the latest per ${keyName}`;
}

function writerOf({ writer }: ChannelDefinition): string {
  return writer === "gateway" ? "the gateway alone" : "publishers";
}

function staleOf({ maxAge }: ChannelDefinition): string {
  switch (maxAge) {
    case "never":
      return "never";
    case "market":
      return "`telemetry.marketDataMaxAgeSeconds`, from its first event on";
    case "declared":
      return "`telemetry.declaredMaxAgeSeconds`, once declared";
  }
}

/** What of a JSON schema the tables show. */
interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly allOf?: readonly FieldSchema[];
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}

const DECIMAL = patternOf(z.toJSONSchema(Decimal) as FieldSchema);

function section(definition: ChannelDefinition): string {
  const schema = z.toJSONSchema(definition.payload, { io: "output", reused: "inline" });
  return [
    `## ${definition.name}`,
    ["| field | form | |", "| --- | --- | --- |", ...rowsOf(definition, schema as FieldSchema)]
      .join("\n"),
  ].join("\n\n");
}

function rowsOf(definition: ChannelDefinition, { properties, required }: FieldSchema): string[] {
  const { timeKey, alerts } = definition;
  const fields = Object.entries(properties!);
  // What the gateway writes stands before the time, and the time in ms after it.
  const time = fields.filter(([name]) => name === timeKey);
  const rest = fields.filter(([name]) => name !== timeKey);
  const rows = (some: typeof fields) =>
    some.flatMap(([name, field]) => {
      const isThere = required?.includes(name) === true || isCompleted(definition, name);
      return fieldRows(name, field, isThere, noteOn(definition, name));
    });
  return [
    ...rows(rest),
    ...alerts === undefined ? [] : [
      "| `acknowledgedBy`? | text | The name of a key, only with the status `ACKNOWLEDGED`; " +
      "nobody can publish it. |",
      "| `acknowledgedAt`? | ISO time | When; nobody can publish it. |",
    ],
    ...rows(time),
    `| \`timestamp\` | integer | \`${timeKey}\` in epoch ms. |`,
  ];
}

/** Whether the gateway fills a field in that publishers may leave out. */
function isCompleted(definition: ChannelDefinition, name: string): boolean {
  const { timeKey, closingStatus, nullable } = definition;
  return name === "id" || name === timeKey || name in (nullable ?? {}) ||
    (name === "isActive" && closingStatus !== undefined);
}

function noteOn({ timeKey, timeInMetaV1, nullable }: ChannelDefinition, name: string): string {
  if (name in (nullable ?? {})) return " `null` when nobody said.";
  const moved = timeInMetaV1 === true && name === timeKey;
  return moved ? ` In v1 it stands in \`meta.${timeKey}\` instead.` : "";
}

function fieldRows(path: string, field: FieldSchema, isThere: boolean, note = ""): string[] {
  const optional = isThere ? "" : "?";
  const row = `| \`${path}\`${optional} | ${formOf(field)} | ${field.description ?? ""}${note} |`;
  const [inner, prefix] = field.items === undefined
    ? [field, `${path}.`] as const
    : [field.items, `${path}[].`] as const;
  const rows = Object.entries(inner.properties ?? {}).flatMap(([name, one]) =>
    fieldRows(prefix + name, one, inner.required?.includes(name) === true)
  );
  return [row, ...rows];
}

function formOf(field: FieldSchema): string {
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (field.items !== undefined) {
    return `list of ${formOf(field.items)}s, at most ${field.maxItems}`;
  }
  if (field.format === "date-time") return "ISO time";
  const pattern = patternOf(field);
  if (pattern === DECIMAL) return "decimal";
  if (pattern === JAVA_DURATION.source) return "duration";
  if (field.type === "string") return "text";
  const { minimum, maximum } = field;
  const isBounded = field.type === "number" && minimum !== undefined && maximum !== undefined;
  return isBounded ? `number, from ${minimum} to ${maximum}` : `${field.type}`;
}

/** The first pattern that a text is compared with. */
function patternOf({ pattern, allOf }: FieldSchema): string | undefined {
  return pattern ?? allOf?.find((one) => one.pattern !== undefined)?.pattern;
}
