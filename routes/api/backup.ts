/**
 * `POST /api/v1/store/backup`: a copy of the running store.
 *
 * @module
 */
import { actor } from "../../actors/audit/audit_log.ts";
import type { BackupPart } from "../../actors/store/sqlite/backup.ts";
import { StoreError, type StoreErrorCode } from "../../actors/store/sqlite/errors.ts";
import type { ErrorCode } from "../../protocol/api.ts";
import { BACKUP_MEDIA_TYPE, type BackupLine } from "../../protocol/backup.ts";
import { type AppContext, type AppDeps, fail } from "../context.ts";
import { addressOf } from "../request_info.ts";

/** A backup is cancelled when its reader takes nothing for this long, in ms. */
export const STALLED_MILLIS = 60_000;

const CODES: Readonly<Partial<Record<StoreErrorCode, ErrorCode>>> = {
  busy: "BACKUP_RUNNING",
  full: "DISK_FULL",
};

/** A backup as routes see it. */
export interface RunningBackup {
  /** Rows to copy. */
  readonly rows: number;
  /** Estimated size of the result. */
  readonly bytes: number;
  /** Where every channel begins and ends in it. */
  readonly extents: ReadonlyMap<
    string,
    { readonly epoch: string; readonly seq: number; readonly oldest: number }
  >;
  /** Makes and reads the copy; stopping early removes what was made. */
  parts(): AsyncGenerator<BackupPart, void, void>;
  /** Cleans up a backup whose parts were never read. Never rejects. */
  end(): Promise<void>;
}

/** Begins a backup; scope `admin`. One at a time. */
export async function backUpStore(c: AppContext, deps: AppDeps): Promise<Response> {
  const { backup: begin, log, config } = deps;
  if (begin === undefined) {
    const message =
      `this gateway keeps its events in memory (store.kind = ${config.store.kind}): ` +
      "there is nothing to back up";
    return fail(c, deps, "NOTHING_TO_BACK_UP", message);
  }
  const principal = c.get("principal").name;
  try {
    const backup = await begin();
    const who = actor(c.get("principal"), addressOf(c.env));
    deps.audit.record({ act: "backup", ...who, object: "store", details: { bytes: backup.bytes } });
    log.info("backup begun", { principal, rows: backup.rows, bytes: backup.bytes });
    const body = streamOf(backup, deps, principal);
    return c.body(body, 200, { "Content-Type": BACKUP_MEDIA_TYPE, "Cache-Control": "no-store" });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.warn("backup failed", { principal, error: error.message });
    return fail(c, deps, CODES[error.code] ?? "STORE_UNAVAILABLE", error.message);
  }
}

/** Streams a backup at the pace of its reader; ends when the reader leaves or stalls. */
function streamOf(
  backup: RunningBackup,
  { clock, log }: AppDeps,
  principal: string,
): ReadableStream<Uint8Array> {
  const parts = backup.parts();
  let started = false;
  let inFile = false;
  let stalled: unknown;
  const giveUp = (why: string) => {
    clock.clearTimeout(stalled);
    log.warn("backup given up", { principal, why });
    // A generator that has not started runs no `finally`.
    return started ? parts.return() : backup.end();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(line({ rows: backup.rows, bytes: backup.bytes }));
    },
    async pull(controller) {
      clock.clearTimeout(stalled);
      started = true;
      try {
        const { done, value } = await parts.next();
        if (done) {
          log.info("backup sent", { principal });
          return controller.close();
        }
        inFile ||= value.kind === "file";
        controller.enqueue(encode(value, backup));
        stalled = clock.setTimeout(() => {
          controller.error(new Error("the backup is not read"));
          void giveUp("its reader takes nothing");
        }, STALLED_MILLIS);
      } catch (error) {
        const message = (error as Error).message;
        log.warn("backup failed", { principal, error: message });
        if (inFile) return controller.error(error);
        const code = error instanceof StoreError ? CODES[error.code] : undefined;
        controller.enqueue(line({ error: { code: code ?? "STORE_UNAVAILABLE", message } }));
        controller.close();
      }
    },
    async cancel() {
      await giveUp("its reader has left");
    },
  }, { highWaterMark: 0 });
}

function encode(part: BackupPart, { extents }: RunningBackup): Uint8Array {
  if (part.kind === "bytes") return part.bytes;
  if (part.kind === "progress") return line({ copied: part.copied });
  const { bytes, damaged } = part;
  return line({ file: { bytes, damaged, channels: Object.fromEntries(extents) } });
}

function line(value: BackupLine): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}
