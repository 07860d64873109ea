/**
 * The documents of the project as tests read them.
 *
 * @module
 */
import { projectPath } from "./paths.ts";

/** A Markdown document. */
export class MarkdownDocument {
  /** Its path from the root of the project. */
  readonly path: string;
  readonly text: string;

  constructor(path: string) {
    this.path = path;
    this.text = Deno.readTextFileSync(projectPath(path));
  }

  /** The cells of every table row that matches. */
  rows(pattern: RegExp): string[][] {
    return this.text.split("\n").filter((line) => pattern.test(line)).map(cellsOf);
  }

  /** The rows of the first table whose header begins with a cell, each a list of cells. */
  table(header: string): string[][] {
    const from = this.text.indexOf(`\n| ${header} |`);
    if (from === -1) throw new Error(`${this.path} has no table "${header}"`);
    const lines = this.text.slice(from + 1).split("\n");
    const length = lines.findIndex((line) => !line.startsWith("|"));
    return lines.slice(2, length === -1 ? undefined : length).map(cellsOf);
  }

  /** The text under a heading, as far as the next one of its level or above. */
  section(title: string): string {
    const from = this.text.search(new RegExp(`^#+ ${title}$`, "m"));
    if (from === -1) throw new Error(`${this.path} has no heading "${title}"`);
    const level = /^#+/.exec(this.text.slice(from))![0].length;
    const rest = this.text.slice(from + level);
    const length = rest.search(new RegExp(`\n#{1,${level}} `));
    return rest.slice(0, length === -1 ? undefined : length);
  }

  code(language: string): string[] {
    const block = new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, "gms");
    return [...this.text.matchAll(block)].map(([, code]) => code!);
  }

  /** What is written in backquotes. */
  get literals(): ReadonlySet<string> {
    return new Set(literalsIn(this.text));
  }

  /** Its headings as links name them. */
  get anchors(): ReadonlySet<string> {
    return new Set(
      [...this.text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title!.toLowerCase().replaceAll(/[^a-z0-9_ -]/g, "").replaceAll(" ", "-")
      ),
    );
  }

  get links(): string[] {
    return [...this.text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  }
}

/** What stands in backquotes in a text. */
export function literalsIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, literal]) => literal!);
}

function cellsOf(row: string): string[] {
  return row.slice(1, -1).split("|").map((cell) => cell.trim());
}
