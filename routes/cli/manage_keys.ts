/**
 * What the commands of keys do to the file.
 *
 * @module
 */
import type { Clock } from "../../actors/ports.ts";
import {
  createKey,
  type KeyEdit,
  KeyError,
  revokeKey,
  revokeSecret,
  rotateKey,
} from "../../protocol/keys/edits.ts";
import { EXPIRY_FORMS, parseExpiry } from "../../protocol/keys/expiry.ts";
import { isExpired, type KeyDraft, keyDraft, type KeyRecord } from "../../protocol/keys/record.ts";
import { SCOPES } from "../../protocol/scopes.ts";
import { joinPath } from "../../protocol/fault.ts";
import { editKeysFile, keysOf, makeSecret } from "../auth/keys/edit_keys_file.ts";
import type { KeysFile } from "../auth/keys/keys_file.ts";
import { CommandError, UsageError } from "./command_error.ts";
import { EXIT } from "./exit_codes.ts";
import type { KeyRequest, KeysOptions } from "./keys.ts";

/** What the commands work with. */
export interface KeysSurroundings {
  /** Opens a keys file. */
  readonly open: (path: string) => KeysFile;
  /** Time. */
  readonly clock: Pick<Clock, "epochMillis">;
  /** Writes text to the standard output as it is. */
  readonly write: (text: string) => void;
  /** Writes a line to the standard error output. */
  readonly printError: (line: string) => void;
}

/**
 * Does what was asked for.
 *
 * @returns The exit code.
 * @throws {CommandError} When it cannot be done.
 */
export async function manageKeys(
  options: KeysOptions,
  surroundings: KeysSurroundings,
): Promise<number> {
  const file = surroundings.open(options.file);
  try {
    switch (options.action) {
      case "create":
        return await create(options, file, surroundings);
      case "rotate":
        return await rotate(options.name, file, surroundings);
      case "revoke":
        return await revoke(options, file, surroundings);
      case "list":
        return await list(options.json, file, surroundings);
    }
  } catch (error) {
    if (error instanceof KeyError) throw new CommandError(error.message);
    throw error;
  }
}

type Action<Name extends KeysOptions["action"]> = Extract<KeysOptions, { action: Name }>;

async function create(
  options: Action<"create">,
  file: KeysFile,
  { clock, printError, write }: KeysSurroundings,
): Promise<number> {
  const now = clock.epochMillis();
  const draft = draftOf(options, now);
  const { secret, record } = makeSecret(now);
  await editKeysFile(file, createKey(draft, record, now));
  printError(
    `key ${draft.name} with the secret ${record.id} in ${file.path}; the secret, shown once:`,
  );
  write(`${secret}\n`);
  return EXIT.ok;
}

async function rotate(
  name: string,
  file: KeysFile,
  { clock, printError, write }: KeysSurroundings,
): Promise<number> {
  const { secret, record } = makeSecret(clock.epochMillis());
  const keys = await editKeysFile(file, rotateKey(name, record));
  const [old] = keys.find((key) => key.name === name)!.secrets;
  printError(
    `key ${name} has the secret ${record.id} beside ${old!.id}; when no client uses the old one: ` +
      `keys revoke ${name} --secret ${old!.id}; the new secret, shown once:`,
  );
  write(`${secret}\n`);
  return EXIT.ok;
}

async function revoke(
  { name, secret }: Action<"revoke">,
  file: KeysFile,
  { printError }: KeysSurroundings,
): Promise<number> {
  const edit: KeyEdit = secret === undefined ? revokeKey(name) : revokeSecret(name, secret);
  await editKeysFile(file, edit);
  const what = secret === undefined ? `key ${name}` : `secret ${secret} of ${name}`;
  printError(`${what} revoked in ${file.path}; a running gateway ends its connections within 1 s`);
  return EXIT.ok;
}

async function list(
  json: boolean,
  file: KeysFile,
  { clock, printError, write }: KeysSurroundings,
): Promise<number> {
  const text = await file.read();
  const keys = keysOf(text, file.path);
  if (json) {
    // Without digests: a list may be pasted anywhere.
    const shown = keys.map((key) => ({
      ...key,
      secrets: key.secrets.map(({ id, createdAt }) => ({ id, createdAt })),
    }));
    write(`${JSON.stringify(shown, undefined, 2)}\n`);
    return EXIT.ok;
  }
  if (keys.length === 0) {
    printError(text === undefined ? `there is no ${file.path}` : `${file.path} has no keys`);
    return EXIT.ok;
  }
  const now = clock.epochMillis();
  write(formatTable([COLUMNS, ...keys.map((key) => rowOf(key, now))]));
  return EXIT.ok;
}

const COLUMNS = ["NAME", "SCOPES", "LIMITS", "EXPIRES", "SECRETS"];

function rowOf(key: KeyRecord, now: number): string[] {
  const { channels, traders, portfolio, rateLimitPerSecond: rate, expiresAt } = key;
  const limits = [
    channels && `channels ${channels.join(",")}`,
    traders && `traders ${traders.join(",")}${portfolio === true ? " and portfolio" : ""}`,
    rate !== undefined && `${rate} events/s`,
  ].filter((text) => typeof text === "string");
  const expiry = expiresAt === undefined
    ? "never"
    : isExpired(key, now)
    ? `expired ${expiresAt}`
    : expiresAt;
  const secrets = key.secrets.map(({ id, createdAt }) =>
    createdAt === undefined ? id : `${id} (${createdAt.slice(0, 10)})`
  );
  return [key.name, key.scopes.join(","), limits.join("; ") || "none", expiry, secrets.join(", ")];
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) =>
    `${row.map((cell, at) => cell.padEnd(widths[at]!)).join("  ").trimEnd()}\n`
  ).join("");
}

/** Reads the options of `create` by the schema of the file. */
function draftOf(request: KeyRequest, now: number): KeyDraft {
  const { name, scopes, channels, traders, portfolio, rate, expires } = request;
  if (scopes === undefined) {
    throw new UsageError(`--scopes: what may the key do? a list of: ${SCOPES.join(", ")}`);
  }
  const expiresAt = expires === undefined ? undefined : parseExpiry(expires, now);
  if (expires !== undefined && expiresAt === undefined) {
    throw new UsageError(`--expires: expected ${EXPIRY_FORMS}, in the future`);
  }
  const parsed = keyDraft().safeParse({
    name,
    scopes: split(scopes),
    ...(channels !== undefined && { channels: split(channels) }),
    ...(traders !== undefined && { traders: split(traders) }),
    ...(portfolio && { portfolio }),
    ...(rate !== undefined && { rateLimitPerSecond: rate.trim() === "" ? NaN : Number(rate) }),
    ...(expiresAt !== undefined && { expiresAt }),
  });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new UsageError(`${flagOf(path.reduce<string>(joinPath, ""))}: ${message}`);
}

/** The flag of a field; the name is an argument. */
function flagOf(path: string): string {
  if (path.startsWith("name")) return "NAME";
  return `--${path.replace("rateLimitPerSecond", "rate").replace(/\[\d+\]$/, "")}`;
}

function split(text: string): string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}
