/**
 * All rows, in the order of the table.
 *
 * @module
 */
import type { Row } from "../row.ts";
import { connections } from "./connections.ts";
import { ingest } from "./ingest.ts";
import { v1 } from "./v1.ts";

/** Every row. */
export const ROWS: readonly Row[] = [v1, connections, ingest];
