/**
 * What `POST /api/v1/store/backup` answers with: lines of JSON while the copy is made, and after the
 * line that tells its size the bytes of the copy, which is a SQLite database.
 *
 * ```
 * {"rows":1000000,"bytes":412000256}        what will be copied; the size is an estimate
 * {"copied":20000}                          every half a second
 * {"file":{"bytes":398901248,…}}            from here on the bytes, so many
 * {"error":{"code":"…","message":"…"}}      instead of a file: nothing follows
 * ```
 *
 * @module
 */
import { z } from "zod";

/** The media type. */
export const BACKUP_MEDIA_TYPE = "application/vnd.telemetry.backup";

const Count = z.int().min(0);

/** Where a channel begins and ends in a backup. */
const Extent = z.object({ epoch: z.string(), seq: Count, oldest: Count });

/** A line of the answer. */
export const BackupLine = z.union([
  z.object({ rows: Count, bytes: Count }),
  z.object({ copied: Count }),
  z.object({
    file: z.object({
      /** Bytes that follow. */
      bytes: Count,
      /** Events that are not what was written; they were copied as they are. */
      damaged: Count,
      /** Every channel. */
      channels: z.record(z.string(), Extent),
    }),
  }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
]);

/** A line of the answer. */
export type BackupLine = z.infer<typeof BackupLine>;

/** The description of a finished copy. */
export type BackupFile = Extract<BackupLine, { readonly file: unknown }>["file"];
