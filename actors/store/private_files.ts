/**
 * Files and directories that only the owner of the process can read: stored events,
 * keys and markers are not for other users of a shared machine.
 *
 * Whatever code creates something in the data directory does it through here, so that no order of
 * events at a start leaves a directory or a file with the rights of the umask.
 *
 * @module
 */

/** Rights of a directory that we make. */
const DIRECTORY_MODE = 0o700;

/** Rights of a file that we make. */
const FILE_MODE = 0o600;

/** Read rights of group and others. */
const OTHERS_READ = 0o044;

/** Makes a directory with mode 0700 where there is none; an existing one is left as it is. */
export function makePrivateDirectory(path: string): void {
  Deno.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
}

/**
 * Makes an empty file with mode 0600 where there is none. An existing file is neither changed nor
 * opened: closing it would drop the lock that SQLite may hold on it in this process.
 */
export function makePrivateFile(path: string): void {
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: FILE_MODE }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** Writes a text to a file that must not exist, with mode 0600. */
export function writePrivateFile(path: string, text: string): void {
  Deno.writeTextFileSync(path, text, { createNew: true, mode: FILE_MODE });
}

/** Whether other users can read a file or list a directory; false where there are no such rights. */
export function isReadableByOthers(path: string): boolean {
  try {
    return ((Deno.statSync(path).mode ?? 0) & OTHERS_READ) !== 0;
  } catch {
    return false;
  }
}

/** Removes a file where there is one. */
export function removeIfPresent(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
