/**
 * Facts of the machine: the boot id and the descriptor limit.
 *
 * Deno lets only a process with all permissions read `/proc`. The binary has them and reads the
 * facts itself; from source the tasks run this file as a helper and hand its line over in
 * `TELEMETRY_MACHINE_FACTS`. It imports nothing, as it runs before every start.
 *
 * @module
 */

/** Facts that could be found out. */
export interface MachineFacts {
  /** Identifies the boot of the machine. */
  readonly bootId?: string;
  /** Soft limit of descriptors, which Deno raises to the hard one when it starts. */
  readonly fileDescriptorLimit?: number;
}

/** Reads a file; throws when it cannot. */
type ReadFile = (path: string) => string;

/** Largest limit that `server.fileDescriptorLimit` takes; some containers have 2³⁰ and mean "any". */
const MAX_DESCRIPTORS = 1_073_741_824;

/** Facts from the environment if the task has put them there, else from `/proc`. */
export function machineFacts(variable: string | undefined, readFile: ReadFile): MachineFacts {
  return variable === undefined || variable === ""
    ? readMachineFacts(readFile)
    : parseFacts(variable);
}

/** Reads `/proc`; what cannot be read is left out. */
export function readMachineFacts(readFile: ReadFile): MachineFacts {
  const limits = tryRead(readFile, "/proc/self/limits");
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
  return facts(tryRead(readFile, "/proc/sys/kernel/random/boot_id").trim(), soft);
}

/** The line that the helper prints: `bootId=…,fileDescriptorLimit=…`, without spaces. */
export function formatFacts({ bootId = "", fileDescriptorLimit = 0 }: MachineFacts): string {
  return `bootId=${bootId},fileDescriptorLimit=${fileDescriptorLimit}`;
}

/** Reads the line of {@link formatFacts}; fields that are not valid are left out. */
export function parseFacts(line: string): MachineFacts {
  const fields = new Map(
    line.split(",").map((field) => {
      const [name = "", value = ""] = field.split("=", 2);
      return [name.trim(), value.trim()] as const;
    }),
  );
  const limit = fields.get("fileDescriptorLimit") ?? "";
  return facts(fields.get("bootId") ?? "", /^\d+$/.test(limit) ? Number(limit) : 0);
}

function facts(bootId: string, limit: number): MachineFacts {
  return {
    ...(/^[\w-]+$/.test(bootId) && { bootId }),
    ...(limit > 0 && { fileDescriptorLimit: Math.min(limit, MAX_DESCRIPTORS) }),
  };
}

function tryRead(readFile: ReadFile, path: string): string {
  try {
    return readFile(path);
  } catch {
    return "";
  }
}

if (import.meta.main) {
  // deno-lint-ignore no-console
  console.log(formatFacts(readMachineFacts(Deno.readTextFileSync)));
}
