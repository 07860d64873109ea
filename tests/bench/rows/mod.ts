/**
 * All rows, in the order of the table.
 *
 * @module
 */
import type { Row } from "../row.ts";
import { burst } from "./burst.ts";
import { connections } from "./connections.ts";
import { ingest } from "./ingest.ts";
import { scaling } from "./scaling.ts";
import { stalled } from "./stalled.ts";
import { v1 } from "./v1.ts";
import { v2At250, v2At50, v2Million } from "./v2.ts";

/** Every row. */
export const ROWS: readonly Row[] = [
  v1,
  v2At50,
  v2At250,
  v2Million,
  connections,
  ingest,
  stalled,
  burst,
  scaling,
];
