/**
 * The reference of the REST interface and the tables of error codes, made from the table of endpoints
 * and the catalogue of errors.
 *
 * @module
 */
import { z } from "zod";
import { type ChannelSet, PRODUCT_CHANNELS } from "../protocol/channel_set.ts";
import { ERRORS, SOCKET_ERRORS } from "../protocol/errors.ts";
import type { Endpoint } from "../protocol/rest/endpoint.ts";
import { endpointsOf } from "../protocol/rest/endpoints.ts";

/** What precedes the generated part of the guide, and what follows it. */
const MARKERS = {
  start: "<!-- generated from protocol/rest/endpoints.ts: do not edit -->",
  end: "<!-- end of the generated part -->",
} as const;

/**
 * Replaces the generated part of the REST guide.
 *
 * @param channels The channels of the interface that it describes.
 * @throws {Error} When the guide has no markers.
 */
export function renderRestReference(
  current: string,
  channels: ChannelSet = PRODUCT_CHANNELS,
): string {
  const from = current.indexOf(MARKERS.start);
  const to = current.indexOf(MARKERS.end);
  if (from === -1 || to < from) throw new Error("the REST guide has no markers");
  const endpoints: readonly Endpoint[] = Object.values(endpointsOf(channels));
  const parts = [MARKERS.start, overview(endpoints), ...endpoints.map(describe)];
  return `${current.slice(0, from)}${parts.join("\n\n")}\n\n${current.slice(to)}`;
}

function overview(endpoints: readonly Endpoint[]): string {
  const rows = endpoints.map((endpoint) =>
    `| \`${endpoint.method} ${pathOf(endpoint)}\` | ${scopeOf(endpoint)} | ${endpoint.summary} |`
  );
  return ["| endpoint | scope | |", "| --- | --- | --- |", ...rows].join("\n");
}

function describe(endpoint: Endpoint): string {
  const { params, query, body, answer } = endpoint;
  const parameters = [...rowsOf(params, "path"), ...rowsOf(query, "query")];
  const { status, data, mediaType } = answer;
  return [
    `### ${endpoint.method} ${pathOf(endpoint)}`,
    endpoint.summary,
    ...parameters.length === 0
      ? []
      : [["| parameter | in | form | |", "| --- | --- | --- | --- |", ...parameters].join("\n")],
    ...body === undefined
      ? []
      : [`Body, ${body.mediaTypes.map((type) => `\`${type}\``).join(" or ")}: ${body.summary}`],
    ...body?.schema === undefined ? [] : [fieldTable(body.schema)],
    data === undefined ? `Answer ${status}, \`${mediaType}\`.` : `Answer ${status}, in \`data\`:`,
    ...data === undefined ? [] : [fieldTable(data)],
  ].join("\n\n");
}

function pathOf({ path }: Endpoint): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

function scopeOf({ scope, openOnLoopback }: Endpoint): string {
  if (scope === undefined) return "none";
  if (scope === "any") return "any";
  return openOnLoopback ? `\`${scope}\`; none on loopback` : `\`${scope}\``;
}

/** What of a JSON schema the tables show. */
interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: FieldSchema | boolean;
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): FieldSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" }) as FieldSchema;
}

function rowsOf(parameters: z.ZodObject, place: string): string[] {
  // Parameters are text: what they are read as says what they may hold.
  const { properties = {} } = schemaOf(parameters, "output");
  return Object.entries(properties).map(([name, field]) => {
    const required = place === "path" || !parameters.shape[name]!.safeParse(undefined).success;
    const optional = required ? "" : "?";
    return `| \`${name}\`${optional} | ${place} | ${formOf(field)} | ${field.description ?? ""} |`;
  });
}

/** A table of the fields of an object, or of the elements of a list of objects. */
function fieldTable(schema: z.ZodType): string {
  const shape = schemaOf(schema, "output");
  const rows = shape.type === "array" ? fieldRows(shape.items!, "[].") : fieldRows(shape, "");
  return ["| field | form | |", "| --- | --- | --- |", ...rows].join("\n");
}

function fieldRows({ properties = {}, required = [] }: FieldSchema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const optional = required.includes(name) ? "" : "?";
    const row = `| \`${path}\`${optional} | ${formOf(field)} | ${field.description ?? ""} |`;
    const inner = innerOf(field);
    return inner === undefined ? [row] : [row, ...fieldRows(inner[0], `${path}${inner[1]}.`)];
  });
}

/** The object whose fields are shown below a field, and how its path goes on. */
function innerOf(field: FieldSchema): readonly [FieldSchema, string] | undefined {
  const { properties, items, additionalProperties } = field;
  if (properties !== undefined) return [field, ""];
  if (items?.properties !== undefined) return [items, "[]"];
  const values = typeof additionalProperties === "object" ? additionalProperties : undefined;
  return values?.properties === undefined ? undefined : [values, ".{name}"];
}

function formOf(field: FieldSchema): string {
  const values = field.enum ?? (field.const === undefined ? undefined : [field.const]);
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(", ");
  if (field.items !== undefined) {
    const most = field.maxItems === undefined ? "" : `, at most ${field.maxItems}`;
    return `list of ${formOf(field.items)}${most}`;
  }
  const { additionalProperties: value } = field;
  if (typeof value === "object" && field.properties === undefined) {
    return value.type === undefined ? "object" : `object: one ${value.type} for each name`;
  }
  return [field.type ?? "string", ...boundsOf(field)].join(", ");
}

function boundsOf({ minimum, maximum, maxLength, ...field }: FieldSchema): string[] {
  const isBound = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [
    ...isBound(minimum) ? [`from ${minimum}`] : [],
    ...isBound(maximum) ? [`to ${maximum}`] : [],
    ...maxLength === undefined ? [] : [`at most ${maxLength} characters`],
    ...field.default === undefined ? [] : [`${field.default} when absent`],
  ];
}

/** Writes the page of error codes. */
export function renderErrorCodes(): string {
  const rest = Object.entries(ERRORS).map(([code, { status, retryable, meaning }]) =>
    `| ${status} | \`${code}\` | ${retryable ? "yes" : "no"} | ${meaning} |`
  );
  const sockets = Object.entries(SOCKET_ERRORS).map(([code, entry]) =>
    `| \`${code}\` | ${entry.dialects.join(", ")} | ${entry.retryable ? "yes" : "no"} | ` +
    `${entry.meaning} |`
  );
  return `# Error codes

<!-- Generated from protocol/errors.ts by \`deno task docs\`. Edit the catalogue, not this file. -->

The guides say what to do about an error where it can happen. "Retry" says whether the same request or
message, unchanged, may succeed later: after \`Retry-After\` seconds or \`retryAfterMs\` where the answer
has them.

## REST and handshakes

| status | code | retry | meaning |
| --- | --- | --- | --- |
${rest.join("\n")}

## Sockets

\`code\` of an \`error\` in [protocol v2](websocket_guide.md#errors) and on
[\`/ws/collector\`](publishing_guide.md), \`meta.reason\` in [protocol v1](protocol_v1.md#errors).

| code | sent by | retry | meaning |
| --- | --- | --- | --- |
${sockets.join("\n")}
`;
}
