/**
 * Endpoints that manage keys.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelSet } from "../channel_set.ts";
import { keyDraft, MAX_KEYS, MAX_SECRETS } from "../keys/record.ts";
import { SCOPES } from "../scopes.ts";
import { type Endpoint, JSON_MEDIA_TYPE, NOTHING } from "./endpoint.ts";

/** A key, as administrators see it. */
export const keyInfo = (channels: ChannelSet) =>
  z.strictObject({
    name: z.string().describe("The principal."),
    scopes: z.array(z.enum(SCOPES)).readonly().describe("What it may do."),
    channels: z.array(channels.wireName()).readonly().optional()
      .describe("The channels that it may use; all when absent."),
    traders: z.array(z.string()).readonly().optional()
      .describe("The traders that it may see and publish for; all when absent."),
    portfolio: z.boolean().optional()
      .describe("Whether a key with `traders` also gets what concerns no single trader."),
    rateLimitPerSecond: z.int().min(0).optional().describe("Outbound limit of each connection."),
    createdAt: z.string().optional().describe("When it was made; absent when nobody noted it."),
    expiresAt: z.string().optional().describe("When it ends; never when absent."),
    expired: z.boolean().describe("Whether it has ended."),
    secrets: z.array(
      z.strictObject({
        id: z.string().describe("The short id, which logs and paths name."),
        createdAt: z.string().optional().describe("When it was made."),
      }),
    ).max(MAX_SECRETS).readonly().describe("Its secrets, the oldest first."),
  }).readonly();

/** A key, as administrators see it. */
export type KeyInfo = z.input<ReturnType<typeof keyInfo>>;

const newSecret = (channels: ChannelSet) =>
  z.strictObject({
    key: keyInfo(channels),
    secretId: z.string().describe("The short id of the new secret."),
    secret: z.string().describe("The secret. It is shown this once; the gateway keeps a digest."),
  }).readonly();

const keyPath = z.object({ name: z.string().describe("The name of the key.") });

/** The endpoints, for a set of channels. */
export const keyEndpoints = (channels: ChannelSet) => ({
  listKeys: {
    method: "GET",
    path: "/api/v1/keys",
    scope: "admin",
    noStore: true,
    summary: "The keys of the keys file, without their secrets.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 200, data: z.array(keyInfo(channels)).max(MAX_KEYS).readonly() },
  },
  createKey: {
    method: "POST",
    path: "/api/v1/keys",
    scope: "admin",
    noStore: true,
    summary: "Makes a key and answers with its secret, this once.",
    params: NOTHING,
    query: NOTHING,
    body: {
      mediaTypes: [JSON_MEDIA_TYPE],
      schema: keyDraft(channels),
      summary: "The name and the rights of the key.",
    },
    answer: { status: 201, data: newSecret(channels) },
  },
  rotateKey: {
    method: "POST",
    path: "/api/v1/keys/:name/rotate",
    scope: "admin",
    noStore: true,
    summary: "Gives a key a second secret, valid beside the first, and answers with it this once.",
    params: keyPath,
    query: NOTHING,
    answer: { status: 201, data: newSecret(channels) },
  },
  revokeKey: {
    method: "DELETE",
    path: "/api/v1/keys/:name",
    scope: "admin",
    noStore: true,
    summary: "Revokes a key; its connections end with 4401.",
    params: keyPath,
    query: NOTHING,
    answer: { status: 200, data: z.strictObject({ name: z.string(), revoked: z.literal(true) }) },
  },
  revokeSecret: {
    method: "DELETE",
    path: "/api/v1/keys/:name/secrets/:id",
    scope: "admin",
    noStore: true,
    summary: "Revokes one of the two secrets of a key; connections made with it end with 4401.",
    params: keyPath.extend({ id: z.string().describe("The short id of the secret.") }),
    query: NOTHING,
    answer: { status: 200, data: keyInfo(channels) },
  },
} as const satisfies Readonly<Record<string, Endpoint>>);
