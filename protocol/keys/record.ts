/**
 * Keys as they stand in the keys file, and what they may be.
 *
 * @module
 */
import { z } from "zod";
import { type ChannelSet, PRODUCT_CHANNELS } from "../channel_set.ts";
import { MAX_ID_LENGTH } from "../events/fields.ts";
import { SCOPES } from "../scopes.ts";

/** Most keys of a file: it is read as a whole whenever it changes. */
export const MAX_KEYS = 1_000;

/** Most traders of one key. */
export const MAX_TRADERS = 1_000;

/** Secrets that a key may have at a time: the old and the new one while it is rotated. */
export const MAX_SECRETS = 2;

/** Names of keys that are not in the file, and of what is no key at all. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...["default", "metrics", "development"], // Configured elsewhere.
  ...["anonymous", "file", "command-line", "gateway", "demo"], // Stand for a principal in logs and records.
]);

/** A name is part of paths, logs and acknowledgements. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;

/** The name of a key: the principal, stable over rotation. */
export const KeyName = z.string()
  .regex(NAME, "expected 1 to 64 letters, digits or ._@+-, beginning with a letter or digit")
  .refine((name) => !RESERVED_NAMES.has(name.toLowerCase()), {
    error: `reserved; names that cannot be used are ${[...RESERVED_NAMES].join(", ")}`,
  });

/** An instant, with its offset. */
const Instant = z.iso.datetime({
  offset: true,
  error: "expected a time with its offset, such as 2027-01-31T00:00:00Z",
});

const Portfolio = z.boolean();

/** What a key may do. Absent limits do not limit. */
const rightsOf = (channels: ChannelSet) => ({
  scopes: z.array(
    z.enum(SCOPES, { error: `unknown scope; use one of ${SCOPES.join(", ")}` }),
  ).min(1, "expected at least one scope").max(SCOPES.length).readonly()
    .describe("What it may do."),
  channels: z.array(channels.anySpelling()).min(1, "expected at least one channel").max(32)
    .readonly()
    .optional().describe("The channels that it may use; all when absent."),
  traders: z.array(z.string().min(1).max(MAX_ID_LENGTH))
    .min(1, "expected at least one trader").max(MAX_TRADERS).readonly().optional()
    .describe("The ids of the traders that it may see and publish for; all when absent."),
  portfolio: Portfolio.optional()
    .describe("Whether a key with `traders` also gets what concerns no single trader."),
  rateLimitPerSecond: z.int().min(0).max(1_000_000).optional().describe(
    "Outbound limit of each connection, instead of `telemetry.rateLimitPerSecond`; 0 is unlimited.",
  ),
  expiresAt: Instant.optional().describe("When it ends to be valid; never when absent."),
});

type Rights = z.output<z.ZodObject<ReturnType<typeof rightsOf>>>;

/** What holds between the rights of a key. */
function checkRights(
  { scopes, channels, traders, portfolio }: Rights,
  context: z.core.$RefinementCtx,
): void {
  const fault = (path: string, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  if (portfolio === true && traders === undefined) {
    fault("portfolio", "has no meaning without traders");
  }
  if (scopes.includes("admin") && (channels !== undefined || traders !== undefined)) {
    fault(
      "scopes",
      "a key with the scope admin can make keys without limits: leave channels and traders out, " +
        "or the scope",
    );
  }
}

/** A secret of a key. The secret itself is not kept. */
export const SecretRecord = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/, "expected 8 hex digits").optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected the SHA-256 of a secret, 64 hex digits"),
  createdAt: Instant.optional(),
}).readonly();

/** A secret of a key, with its short public id. */
export interface SecretRecord {
  /** The short id, by which it is named. */
  readonly id: string;
  /** SHA-256 of the secret, in hex. */
  readonly sha256: string;
  /** When it was made, ISO-8601. */
  readonly createdAt?: string | undefined;
}

/** A key as it stands in the file, limited to channels of a set. */
export const keyRecord = (channels: ChannelSet = PRODUCT_CHANNELS) =>
  z.strictObject({
    name: KeyName,
    ...rightsOf(channels),
    createdAt: Instant.optional(),
    secrets: z.array(SecretRecord).min(1, "expected at least one secret")
      .max(MAX_SECRETS, `expected at most ${MAX_SECRETS} secrets`).readonly(),
  }).superRefine(checkRights).readonly();

/** A key as it stands in the file. */
export type KeyRecord = Omit<z.output<ReturnType<typeof keyRecord>>, "secrets"> & {
  /** Its secrets, the oldest first. */
  readonly secrets: readonly SecretRecord[];
};

/** What a new key is made from. */
export const keyDraft = (channels: ChannelSet = PRODUCT_CHANNELS) =>
  z.strictObject({ name: KeyName, ...rightsOf(channels) }).superRefine(checkRights).readonly();

/** What a new key is made from. */
export type KeyDraft = z.output<ReturnType<typeof keyDraft>>;

/** Whether a key is not valid any more at a time, epoch ms. */
export function isExpired({ expiresAt }: Pick<KeyRecord, "expiresAt">, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}
