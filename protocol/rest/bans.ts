/**
 * Bans: who is refused for a while, and why.
 *
 * @module
 */
import { z } from "zod";

/** What a ban is about: one client at its address, a client, a key, or an address. */
export const BAN_SUBJECTS = ["peer", "client", "key", "address"] as const;

/** What a ban is about. */
export type BanSubject = (typeof BAN_SUBJECTS)[number];

/** A ban that is in force. */
export const Ban = z.strictObject({
  id: z.string().describe("Names it in `DELETE /api/v1/websocket/bans/{id}`."),
  by: z.enum(BAN_SUBJECTS).describe(
    "What must be the same for a handshake to be refused: `peer` the key, the `clientId` and the " +
      "address; `client` the key and the `clientId`; `key` the key; `address` the address.",
  ),
  principal: z.string().optional().describe("The name of the key; `anonymous` without one."),
  clientId: z.string().optional().describe("The `clientId`; absent when the client gave none."),
  address: z.string().optional().describe("The address; IPv6 as its /64."),
  setBy: z.string().describe("The name of the administrator's key."),
  reason: z.string().describe("Why, in the words of the administrator."),
  setAtEpochMillis: z.number().describe("Since when, epoch ms."),
  expiresAtEpochMillis: z.number().describe("Until when, epoch ms."),
}).readonly();

/** A ban that is in force. */
export type Ban = z.infer<typeof Ban>;

/** Answer of `DELETE /api/v1/websocket/bans/{id}`. */
export const Lifted = z.strictObject({ id: z.string(), lifted: z.literal(true) }).readonly();
