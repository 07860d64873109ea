/**
 * Runs a check for many callers and names those for whom it fails: as tests of their own they would be
 * thousands of lines.
 *
 * @module
 */

/**
 * Runs a check for each caller in order.
 *
 * @throws {Error} With what failed for whom, after all of them.
 */
export async function forEachCaller<Case extends readonly [who: string, ...rest: unknown[]]>(
  cases: readonly Case[],
  check: (...one: Case) => Promise<void>,
): Promise<void> {
  const faults: string[] = [];
  for (const one of cases) {
    try {
      await check(...one);
    } catch (error) {
      faults.push(`${one[0]}: ${(error as Error).stack ?? error}`);
    }
  }
  if (cases.length === 0) throw new Error("nobody was asked");
  if (faults.length > 0) throw new Error(`${faults.length} failed:\n${faults.join("\n")}`);
}
